import type { PlainConfig } from "../../components/lib/config-rules";
import { failed, refused, usage } from "../cli-error";
import { lastLine, run } from "../run";
import { projectSystem } from "../system";

export interface PruneResult {
  readonly kept: number;
  readonly removed: number;
}

/** One snapshot of restic's, as far as it is looked at. */
interface Snapshot {
  readonly id: string;
  readonly time: string;
  readonly paths: readonly string[];
}

type Restic = (...args: string[]) => Promise<string>;

const KEY_ID = "HOMEPORT_BACKUP_PRUNE_ACCESS_KEY_ID";
const SECRET_KEY = "HOMEPORT_BACKUP_PRUNE_SECRET_ACCESS_KEY";
/** Copies that the newest is compared with: after as many new ones the new data is what is meant. */
const LOOK_BACK = 7;
/** A newest copy with so many times fewer rows is no reason to expire what it lacks. */
const SUSPICIOUS = 10;

/**
 * Expires copies by the stack's policy, with the pruning key from `env`.
 *
 * @throws CliError: usage without a repository or key; refused when the newest copy of a database has next to no
 * rows beside an older one: a server that came up empty must not push out what it lost.
 */
export async function pruneCopies(
  config: PlainConfig,
  env: NodeJS.ProcessEnv,
  isDry: boolean,
): Promise<PruneResult> {
  const restic = resticOf(config, env);
  const system = projectSystem();
  const host = `${system.name}-${config.stack}`;
  for (const { name } of system.databases) await refuseLoss(restic, host, name);
  const { daily, weekly, monthly } = config.backup.keep;
  const keep = Object.entries({ daily, weekly, monthly }).flatMap(([age, count]) =>
    count > 0 ? [`--keep-${age}`, String(count)] : [],
  );
  // each run's files have names of their own: by paths every copy would be the newest of its kind
  const scope = [
    "--host",
    host,
    "--group-by",
    "host,tags",
    "--keep-last",
    "1",
    "--keep-tag",
    "files=data",
    ...keep,
  ];
  const groups = JSON.parse(
    firstLine(await restic("forget", "--json", ...(isDry ? ["--dry-run"] : []), ...scope)),
  ) as { keep: Snapshot[] | null; remove: Snapshot[] | null }[];
  const count = (lists: (Snapshot[] | null)[]): number =>
    lists.reduce((sum, list) => sum + (list ?? []).length, 0);
  if (!isDry) await restic("prune");
  return {
    kept: count(groups.map((group) => group.keep)),
    removed: count(groups.map((group) => group.remove)),
  };
}

async function refuseLoss(restic: Restic, host: string, database: string): Promise<void> {
  const listed = await restic("snapshots", "--json", "--host", host, "--tag", `database=${database}`);
  const snapshots = (JSON.parse(listed) as Snapshot[]).sort((a, b) => b.time.localeCompare(a.time));
  const [newest, ...older] = snapshots.slice(0, LOOK_BACK);
  if (newest === undefined) return;
  const rows = await rowsIn(restic, newest);
  for (const snapshot of older) {
    const before = await rowsIn(restic, snapshot);
    if (before <= rows * SUSPICIOUS) continue;
    throw refused(
      `the newest copy of ${database} holds ${rows} rows, the one of ${snapshot.time} ${before}: nothing is expired; ` +
        `fix: homeport restore, or wait for ${LOOK_BACK} copies of the new data`,
    );
  }
}

async function rowsIn(restic: Restic, snapshot: Snapshot): Promise<number> {
  const manifest = snapshot.paths.find((path) => path.endsWith(".manifest.json"));
  if (manifest === undefined) return 0;
  const { tables } = JSON.parse(await restic("dump", snapshot.id, manifest)) as {
    tables: { rows: number }[];
  };
  return tables.reduce((sum, { rows }) => sum + rows, 0);
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

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}
