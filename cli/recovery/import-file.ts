import type { Preview } from "../drift/preview";
import type { HetznerKind, HetznerObject } from "../hetzner";
import { nameOf } from "../stack-state";

/** The engine's file format for `pulumi import --file`; only what is read here. */
export interface ImportFile {
  /** Parents and providers that the state knows already: name -> URN. */
  readonly nameTable?: Readonly<Record<string, string>>;
  readonly resources: readonly ImportEntry[];
}

export interface ImportEntry {
  readonly type: string;
  readonly name: string;
  readonly id?: string;
  /** Name of an entry or of the table. */
  readonly parent?: string;
  readonly component?: boolean;
  readonly [more: string]: unknown;
}

/** A resource that an `up` would make, with what the program says of it. */
export interface Declared {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** A record of the zone, as Cloudflare's API lists it. */
export interface ZoneRecord {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly comment?: string | null;
}

const RECORD = "cloudflare:index/dnsRecord:DnsRecord";

/** What can be adopted at Hetzner. A server cannot: its host key and the steps that ran on it are lost with the state. */
const ADOPTED: Readonly<Record<string, Exclude<HetznerKind, "servers">>> = {
  "hcloud:index/firewall:Firewall": "firewalls",
  "hcloud:index/primaryIp:PrimaryIp": "primary_ips",
  "hcloud:index/sshKey:SshKey": "ssh_keys",
};

/** What the preview would make. */
export function declaredBy(preview: Preview): Declared[] {
  return (preview.steps ?? [])
    .filter(({ op }) => op === "create")
    .map(({ urn, newState }) => ({
      type: newState?.type ?? "",
      name: nameOf(urn),
      inputs: newState?.inputs ?? {},
    }));
}

/** The object of that kind that is the declared one: by its name, and an address by its location, which is for ever. */
export function hetznerIdOf(
  { type, inputs }: Declared,
  found: Readonly<Partial<Record<HetznerKind, readonly HetznerObject[]>>>,
): string | undefined {
  const kind = ADOPTED[type];
  if (kind === undefined) return undefined;
  const one = (found[kind] ?? []).find(({ name }) => name === inputs.name);
  const isElsewhere = kind === "primary_ips" && one?.location?.name !== inputs.location;
  return one === undefined || isElsewhere ? undefined : String(one.id);
}

/** The record of this stack's that is the declared one, by its comment, name and type. */
export function recordOf({ type, inputs }: Declared, records: readonly ZoneRecord[]): ZoneRecord | undefined {
  if (type !== RECORD || typeof inputs.comment !== "string") return undefined;
  return records.find(
    (one) => one.comment === inputs.comment && one.name === inputs.name && one.type === inputs.type,
  );
}

/** What Cloudflare has beside records, with the id that an import wants. */
export interface EdgeObject {
  readonly type: string;
  readonly importId: string;
  /** Names are the stack's own; a ruleset is told by its phase and description as well. */
  readonly name: string;
  readonly phase?: string;
  readonly description?: string;
}

/** The object of that type that is the declared one. */
export function edgeIdOf({ type, inputs }: Declared, found: readonly EdgeObject[]): string | undefined {
  return found.find(
    (one) =>
      one.type === type &&
      one.name === inputs.name &&
      one.phase === inputs.phase &&
      (one.phase === undefined || one.description === inputs.description),
  )?.importId;
}

/** The part of the engine's file that has an id, by `TYPE NAME`, with the components that it stands in. */
export function withIds(file: ImportFile, ids: ReadonlyMap<string, string>): ImportFile {
  const taken = file.resources.flatMap((entry) => {
    const id = ids.get(`${entry.type} ${entry.name}`);
    return id === undefined ? [] : [{ ...entry, id }];
  });
  const wanted = new Set<string>();
  const add = (name: string | undefined): void => {
    if (name === undefined || wanted.has(name)) return;
    wanted.add(name);
    add(file.resources.find((entry) => entry.component === true && entry.name === name)?.parent);
  };
  taken.forEach(({ parent }) => add(parent));
  const around = file.resources.filter((entry) => entry.component === true && wanted.has(entry.name));
  return { nameTable: file.nameTable, resources: [...around, ...taken] };
}

/** True when the subject of a certificate request says that it is Homeport's and this owner's. PEM. */
export function isRequestOf(csr: string, owner: string): boolean {
  const der = Buffer.from(csr.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");
  // DER: each text after a byte with its length, so that `prod` is not found in `prod-2`
  return ["Homeport", owner].every((text) =>
    der.includes(Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)])),
  );
}
