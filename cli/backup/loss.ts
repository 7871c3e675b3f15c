import { refused } from "../cli-error";
import { snapshotsOf, type Restic, type Snapshot } from "./snapshots";

/** What a manifest counts: of a database, or of directories and volumes. */
interface Manifest {
  readonly tables?: readonly { readonly rows: number }[];
  readonly files?: number;
  readonly bytes?: number;
}

/** Copies that the newest is compared with: after as many new ones the new data is what is meant. */
const LOOK_BACK = 7;
/** A newest copy with so many times less is no reason to expire what it lacks. */
const SUSPICIOUS = 10;

/**
 * Nothing is expired while the newest of a kind's copies has next to nothing beside one of those before it: of a
 * database rows, of directories and volumes files or bytes.
 *
 * @throws CliError (refused)
 */
export async function refuseLoss(restic: Restic, host: string, name: string, tag: string): Promise<void> {
  const [newest, ...older] = (await snapshotsOf(restic, host, tag)).slice(0, LOOK_BACK);
  if (newest === undefined) return;
  const now = await amountsIn(restic, newest);
  for (const snapshot of older) {
    const before = await amountsIn(restic, snapshot);
    const lost = Object.keys(before).find((unit) => (before[unit] ?? 0) > (now[unit] ?? 0) * SUSPICIOUS);
    if (lost === undefined) continue;
    throw refused(
      `the newest copy of ${name} holds ${now[lost] ?? 0} ${lost}, the one of ${snapshot.time} ${before[lost] ?? 0}: ` +
        `nothing is expired; fix: homeport restore, or wait for ${LOOK_BACK} copies of the new data`,
    );
  }
}

/** Unit -> how much of it. */
async function amountsIn(restic: Restic, snapshot: Snapshot): Promise<Record<string, number>> {
  const path = snapshot.paths.find((each) => each.endsWith("manifest.json"));
  if (path === undefined) return {};
  const { tables, files = 0, bytes = 0 } = JSON.parse(await restic("dump", snapshot.id, path)) as Manifest;
  return tables === undefined ? { files, bytes } : { rows: tables.reduce((sum, { rows }) => sum + rows, 0) };
}
