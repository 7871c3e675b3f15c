import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";

const ROOT = resolve(__dirname, "../..");
const CONTAINER = "running_calendar-db";
const DATABASE = "running_calendar_production";
const PSQL = `sudo docker exec -i ${CONTAINER} psql -XqAt -v ON_ERROR_STOP=1 -U postgres -d`;

/** A million rows of 960 letters that do not compress away: 1 GB in the database and in its dump. */
const FILL = `CREATE TABLE bench_gb (id bigint PRIMARY KEY, at timestamptz NOT NULL, body text NOT NULL);
INSERT INTO bench_gb SELECT g, now() - g * interval '1 second',
  (SELECT string_agg(md5(g::text || ':' || i), '') FROM generate_series(1, 30) i) FROM generate_series(1, 1000000) g;
ANALYZE bench_gb;`;

/** What `pg_dump | psql` alone takes on the same host: no manifest, no hash, nothing leaves the server. */
const PLAIN = `sudo docker exec ${CONTAINER} sh -c 'pg_dump -U postgres ${DATABASE} | psql -qX -o /dev/null -v ON_ERROR_STOP=1 -U postgres plain_copy'`;

export interface Measured {
  readonly what: string;
  readonly seconds: number;
}

/** Restores a lost database of 1 GB in each way, on a system that is up. It holds 1 GB more afterwards. */
export function measureDatabase(cloud: string, env: NodeJS.ProcessEnv): Measured[] {
  const server = (command: string, input = ""): number => {
    const address = run("pulumi", ["stack", "output", "serverIp"], env).output.trim();
    const words = ["-F", join(".homeport", cloud, "ssh_config"), `ops@${address}`, command];
    return run("ssh", words, env, input).seconds;
  };
  const homeport = (...words: string[]): number =>
    run("node", [join("cli", "homeport.js"), ...words], env).seconds;

  server(`${PSQL} ${DATABASE}`, FILL);
  server(`${PSQL} postgres`, "CREATE DATABASE plain_copy;");
  const plain = server(PLAIN);
  server(`${PSQL} postgres`, "DROP DATABASE plain_copy;");
  return [
    { what: "plain pg_dump | psql", seconds: plain },
    { what: "homeport backup now", seconds: homeport("backup", "now") },
    { what: "homeport restore, into scratch", seconds: homeport("restore") },
    { what: "homeport restore, into live", seconds: homeport("restore", "--into", "live", "--yes") },
    { what: "homeport recover --dead, new server and all", seconds: homeport("recover", "--dead", "--yes") },
    { what: "of this the database, on the host", seconds: restoredIn(cloud, env) },
  ];
}

/** Fetching the copy, loading it, comparing every table. */
function restoredIn(cloud: string, env: NodeJS.ProcessEnv): number {
  const address = run("pulumi", ["stack", "output", "serverIp"], env).output.trim();
  const words = ["-F", join(".homeport", cloud, "ssh_config"), `ops@${address}`];
  const { output } = run("ssh", [...words, "sudo cat /opt/backups/postgres/restore.json"], env);
  return (JSON.parse(output) as { seconds: number }).seconds;
}

function run(
  command: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  input = "",
): { output: string; seconds: number } {
  process.stderr.write(`${command} ${words.at(-1)?.slice(0, 60)} …`);
  const start = performance.now();
  const options = { cwd: ROOT, env, encoding: "utf8", input, maxBuffer: 64 << 20 } as const;
  const { status, stdout, stderr } = spawnSync(command, [...words], options);
  const seconds = (performance.now() - start) / 1000;
  process.stderr.write(` ${seconds.toFixed(2)} s\n`);
  if (status === 0) return { output: stdout, seconds };
  throw new Error(`${command} ended with ${status ?? "a signal"}\n${stdout}${stderr}`);
}
