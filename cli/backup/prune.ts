import type { PlainConfig } from "../../components/lib/config-rules";
import type { System } from "../../components/lib/system";
import { refuseLoss } from "./loss";
import { withRestic } from "./restic";
import { DATA_TAG, firstLine, FILES_TAG, snapshotsOf, type Restic, type Snapshot } from "./snapshots";
import { unnamedData } from "./unnamed-data";

export interface PruneResult {
  readonly kept: number;
  readonly removed: number;
}

/** One set of copies that restic chooses from. */
interface Group {
  readonly tags: readonly string[] | null;
  readonly keep: Snapshot[] | null;
  readonly remove: Snapshot[] | null;
}

/**
 * Expires copies by the stack's policy, with credentials that may delete. Of directories and volumes it is the manifests
 * that the policy is for; data goes when no manifest that stays names it.
 *
 * @throws CliError: usage without a repository or key; refused when the newest copy of a database, or of files, has
 * next to nothing beside an older one: a server that came up empty must not push out what it lost.
 */
export function pruneCopies(
  config: PlainConfig,
  system: Pick<System, "name" | "databases">,
  env: NodeJS.ProcessEnv,
  isDry: boolean,
): Promise<PruneResult> {
  return withRestic(config, env, (restic) => prune(restic, config, system, isDry));
}

async function prune(
  restic: Restic,
  config: PlainConfig,
  system: Pick<System, "name" | "databases">,
  isDry: boolean,
): Promise<PruneResult> {
  const host = `${system.name}-${config.stack}`;
  for (const { name } of system.databases) await refuseLoss(restic, host, name, `database=${name}`);
  await refuseLoss(restic, host, "files", FILES_TAG);
  const dry = isDry ? ["--dry-run"] : [];
  // before the manifests: what a backup adds meanwhile is not among it
  const data = await snapshotsOf(restic, host, DATA_TAG);
  const copies = await forget(restic, ["--host", host, ...policyOf(config), ...dry]);
  const removed = copies.flatMap((group) => group.remove ?? []);
  const goes = new Set(removed.map(({ id }) => id));
  const manifests = (await snapshotsOf(restic, host, FILES_TAG)).filter(({ id }) => !goes.has(id));
  const unnamed = await unnamedData(restic, data, manifests);
  if (!isDry && unnamed.length > 0) await restic("forget", ...unnamed.map(({ id }) => id));
  if (!isDry) await restic("prune");
  return { kept: copies.flatMap((group) => group.keep ?? []).length, removed: removed.length };
}

/** By paths every copy would be the newest of its kind: each run's files have names of their own. */
function policyOf({ backup }: PlainConfig): string[] {
  const { daily, weekly, monthly } = backup.keep;
  const keep = Object.entries({ daily, weekly, monthly }).flatMap(([age, count]) =>
    count > 0 ? [`--keep-${age}`, String(count)] : [],
  );
  return ["--group-by", "host,tags", "--keep-last", "1", "--keep-tag", DATA_TAG, ...keep];
}

/** What stays and what goes; data is no copy. */
async function forget(restic: Restic, options: readonly string[]): Promise<Group[]> {
  const said = firstLine(await restic("forget", "--json", ...options));
  const groups = JSON.parse(said === "" ? "[]" : said) as Group[];
  return groups.filter(({ tags }) => !(tags ?? []).includes(DATA_TAG));
}
