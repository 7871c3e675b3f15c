import { sha256 } from "./hash";

const HASH_LENGTH = 8;
/** A server's name is its host's name, so a DNS label. */
const LONGEST_NAME = 63;
const LABEL_VALUE = /^[a-zA-Z0-9]([\w.-]{0,61}[a-zA-Z0-9])?$/;

/**
 * The name of a thing outside Pulumi: `<system>-<stack>[-<role>]`; the server has no role. A longer one is cut and
 * ends with a hash of the whole, so that two long names stay two.
 */
export function physicalName(system: string, stack: string, role?: string): string {
  const name = [system, stack, role].filter((part) => part !== undefined && part !== "").join("-");
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  if (plain === name && name.length <= LONGEST_NAME) return name;
  const head = plain.slice(0, LONGEST_NAME - HASH_LENGTH - 1).replace(/-+$/, "");
  return `${head}-${sha256(name).slice(0, HASH_LENGTH)}`;
}

/** True for what Hetzner takes as a label's value: at most 63 characters, letters and digits at both ends. */
export function isLabelValue(text: string): boolean {
  return text === "" || LABEL_VALUE.test(text);
}

/** Labels of everything at Hetzner: by them `homeport` finds what a lost reply left behind. */
export function labels(system: string, stack: string): { project: string; system: string; stack: string } {
  return { project: "homeport", system: labelValue(system), stack: labelValue(stack) };
}

/** What a record carries where there are no labels (Cloudflare's free plan): whose it is. At most 73 characters of 100. */
export function ownerComment(owner: string): string {
  return `Homeport: ${owner}`;
}

function labelValue(text: string): string {
  return isLabelValue(text) ? text : physicalName(text, "");
}

/** Database -> folder of its server's archive: that of the first database on the same server, which holds them all. */
export function archiveFolders(
  databases: readonly { readonly name: string; readonly service: string }[],
): Readonly<Record<string, string>> {
  const first = new Map<string, string>();
  return Object.fromEntries(
    databases.map(({ name, service }, index) => {
      if (!first.has(service)) first.set(service, backupFolder(name, index));
      return [name, first.get(service) ?? ""];
    }),
  );
}

/** Where a system's database is backed up, below `/opt/backups`: S1's folder for the first, one beside it for others. */
export function backupFolder(database: string, index: number): string {
  return index === 0 ? "postgres" : `postgres-${database.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`;
}
