import { failed } from "../cli-error";
import type { Restic, Snapshot } from "./snapshots";

/** A backup that has put its data there, and not yet its manifest, ends within that time. */
const DAY = 86_400_000;
/** restic before 0.17 tells a backup no more than this of its id. */
const SHORT_ID = 8;

/**
 * Data that none of the manifests names, so that nobody could restore it: of manifests that went, and of backups that
 * were killed. What is younger than the newest manifest, or than a day, may be of a backup that runs now and is not
 * among it.
 *
 * @param manifests those that stay, newest first
 * @throws CliError when one of them cannot be read: it may name any of the data, so none of it goes.
 */
export async function unnamedData(
  restic: Restic,
  data: readonly Snapshot[],
  manifests: readonly Snapshot[],
): Promise<Snapshot[]> {
  const named: string[] = [];
  for (const manifest of manifests) named.push(await dataOf(restic, manifest));
  const newest = manifests[0] === undefined ? 0 : Date.parse(manifests[0].time);
  const until = Math.min(newest, Date.now() - DAY);
  return data.filter(
    ({ id, time }) => Date.parse(time) < until && !named.some((name) => id.startsWith(name)),
  );
}

async function dataOf(restic: Restic, { id, paths }: Snapshot): Promise<string> {
  const [path = ""] = paths;
  const { data } = parsed(await restic("dump", id, path));
  if (typeof data === "string" && data.length >= SHORT_ID) return data;
  throw failed(
    `copy ${id.slice(0, SHORT_ID)} of files: its manifest must name its data: no data is expired; fix: homeport backup verify`,
  );
}

function parsed(text: string): { readonly data?: unknown } {
  try {
    return (JSON.parse(text) ?? {}) as { data?: unknown };
  } catch {
    return {};
  }
}
