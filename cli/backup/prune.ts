import type { PlainConfig } from "../../components/lib/config-rules";
import type { System } from "../../components/lib/system";
import { failed, usage } from "../cli-error";
import { lastLine, run } from "../run";
import { refuseLoss } from "./loss";
import { DATA_TAG, firstLine, FILES_TAG, snapshotsOf, type Restic, type Snapshot } from "./snapshots";
import { unnamedData } from "./unnamed-data";

export interface PruneResult {
  readonly kept: number;
  readonly removed: number;
}

const KEY_ID = "HOMEPORT_BACKUP_PRUNE_ACCESS_KEY_ID";
const SECRET_KEY = "HOMEPORT_BACKUP_PRUNE_SECRET_ACCESS_KEY";

/** One set of copies that restic chooses from. */
interface Group {
  readonly tags: readonly string[] | null;
  readonly keep: Snapshot[] | null;
  readonly remove: Snapshot[] | null;
}

/**
 * Expires copies by the stack's policy, with the pruning key from `env`. Of directories and volumes it is the manifests
 * that the policy is for; data goes when no manifest that stays names it.
 *
 * @throws CliError: usage without a repository or key; refused when the newest copy of a database, or of files, has
 * next to nothing beside an older one: a server that came up empty must not push out what it lost.
 */
export async function pruneCopies(
  config: PlainConfig,
  system: Pick<System, "name" | "databases">,
  env: NodeJS.ProcessEnv,
  isDry: boolean,
): Promise<PruneResult> {
  const restic = resticOf(config, env);
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

/** HOMEPORT_BACKUP_ENDPOINT is where a local cloud's store answers, whose name this machine does not know. */
function resticOf(config: PlainConfig, env: NodeJS.ProcessEnv): Restic {
  const { repository } = config.backup;
  if (repository === undefined)
    throw usage(`homeport:backupRepository: must be set, got nothing; fix: see docs/backups.md`);
  const missing = [KEY_ID, SECRET_KEY].filter((name) => (env[name] ?? "") === "");
  if (missing.length > 0)
    throw usage(
      ...missing.map((name) => `${name}: must be a key that may delete, got nothing; fix: export ${name}=…`),
    );
  const endpoint = env.HOMEPORT_BACKUP_ENDPOINT ?? "";
  const isLocal = config.hcloudEndpoint.startsWith("http://127.0.0.1:");
  const where =
    isLocal && endpoint !== "" ? repository.replace(/(?<=^s3:https:\/\/)[^/]+/, endpoint) : repository;
  const authority = isLocal && (env.HOMEPORT_CA ?? "") !== "" ? ["--cacert", env.HOMEPORT_CA ?? ""] : [];
  const settings = {
    ...env,
    RESTIC_REPOSITORY: where,
    RESTIC_PASSWORD: config.secretValues.backup.password,
    AWS_ACCESS_KEY_ID: env[KEY_ID],
    AWS_SECRET_ACCESS_KEY: env[SECRET_KEY],
  };
  return async (...args) => {
    const result = await run("restic", ["--quiet", ...authority, ...args], { env: settings });
    if (result.code === 127)
      throw failed("restic: must be installed on this machine; fix: apt install restic");
    if (result.code !== 0) throw failed(`restic ${args[0] ?? ""}: ${lastLine(result.stderr)}`);
    return result.stdout;
  };
}
