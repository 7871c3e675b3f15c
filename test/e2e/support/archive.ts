import { CLOUD, onServer, sh, type Result } from "./cloud";
import { sql } from "./data";

export const DIR = "/opt/backups/postgres";
/** The container that is the object store. */
export const STORE = `homeport-${CLOUD}-s3`;

/** wal.json: what the archive says of itself. */
export interface Archive {
  readonly stream: string;
  readonly error: string;
  readonly held_bytes: number;
  readonly slot: { readonly status: string; readonly kept_bytes: number } | null;
}

/** A script for root on the server, which must succeed. */
export async function asRoot(script: string): Promise<Result> {
  const result = await onServer("sudo -n bash -s", script);
  if (result.code !== 0) throw new Error(`${script}: exit ${result.code}\n${result.output}`);
  return result;
}

/** Rows `NAME 1` to `NAME COUNT`. */
export async function addRuns(name: string, count: number): Promise<void> {
  const values = `'${name} ' || g, current_date, 5, now(), now()`;
  const columns = "name, held_on, distance_km, created_at, updated_at";
  await sql(`INSERT INTO runs (${columns}) SELECT ${values} FROM generate_series(1, ${count}) g`);
}

export async function countOf(name: string): Promise<string> {
  return sql(`SELECT count(*) FROM runs WHERE name LIKE '${name} %'`);
}

/** The database's clock, between two statements. */
export async function moment(): Promise<string> {
  const at = await sql(
    "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
  );
  await sql("SELECT pg_sleep(0.1)");
  return at;
}

export async function archive(): Promise<Archive> {
  return JSON.parse((await asRoot(`cat ${DIR}/wal.json`)).stdout) as Archive;
}

/** Asks again until it is so; what never gets so ends with the test's own time limit. */
export async function until(is: () => Promise<boolean>): Promise<void> {
  while (!(await is())) await new Promise((resolve) => setTimeout(resolve, 500));
}

/** Ends when what is committed now is in the store. */
export async function flush(): Promise<void> {
  await asRoot(`${DIR}/wal.sh flush`);
}

/** The titles of what `homeport verify` finds broken. */
export async function failedChecks(): Promise<string[]> {
  const { stdout } = await sh("npx", "homeport", "verify", "--json");
  const { checks } = JSON.parse(stdout) as { checks: { title: string; ok: boolean }[] };
  return checks.filter(({ ok }) => !ok).map(({ title }) => title);
}
