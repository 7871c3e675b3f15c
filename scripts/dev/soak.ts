import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

/**
 * `npm run soak [-- COUNT [CORRUPTIONS]]`: so many recoveries in a row (default: 20) by `pulumi destroy` and
 * `pulumi up`, each on another address, then one by `homeport recover` and one with the host dead, on the same. Rows
 * and hashes are compared each time; the figures go to docs/evidence/recoveries.json with date and commit. Then so many
 * corruptions of the repository (default: 300), each of which `homeport backup verify` must find:
 * docs/evidence/corruptions.json. Either may be 0. On the cloud of HOMEPORT_CLOUD, or one of its own.
 */

const ROOT = resolve(__dirname, "../..");
const CLOUD = process.env.HOMEPORT_CLOUD ?? "local-soak";
const DEFAULT_COUNT = 20;
const DEFAULT_CORRUPTIONS = 300;
const ROWS = 50;
const DATABASE = "running_calendar_production";
const PSQL = `sudo docker exec -i running_calendar-db psql -XqAt -v ON_ERROR_STOP=1 -U postgres -d ${DATABASE}`;

type Way = "destroy and up" | "recover" | "recover, host dead";

interface Figure {
  readonly way: Way;
  readonly isEqual: boolean;
  readonly rows: number;
  /** From the first command to a system that is up and proven. */
  readonly seconds: number;
  /** The server's public address afterwards. */
  readonly address: string;
  readonly isSameAddress: boolean;
}

function main(): void {
  const [count, corruptions] = [countOf(2, DEFAULT_COUNT), countOf(3, DEFAULT_CORRUPTIONS)];
  if (count > 0) recoverOften(count);
  if (corruptions > 0) corruptOften(corruptions);
}

function countOf(position: number, byDefault: number): number {
  const count = Number(process.argv[position] ?? byDefault);
  if (!Number.isInteger(count) || count < 0)
    throw new Error(`COUNT: must be a whole number, got ${process.argv[position] ?? ""}`);
  return count;
}

/** The same test as in `npm test`, with more of them, on the cloud that is up. */
function corruptOften(corruptions: number): void {
  const env = { ...process.env, E2E_KEEP: "1", HOMEPORT_CORRUPTIONS: String(corruptions) };
  must("npx", ["vitest", "run", "-c", "vitest.e2e.config.mts", "21-corruptions"], env);
  process.stdout.write(`${corruptions} corruptions, all found: docs/evidence/corruptions.json\n`);
}

function recoverOften(count: number): void {
  must("npm", ["run", "-s", "local"], process.env);
  const env = JSON.parse(must("npm", ["run", "-s", "local:env", "--", "--json"], process.env)) as Env;
  const figures: Figure[] = [];
  const ways: Way[] = [...Array<Way>(count).fill("destroy and up"), "recover", "recover, host dead"];
  for (const way of ways) {
    const figure = recoverOnce(way, { ...process.env, ...env });
    figures.push(figure);
    write(figures);
    process.stdout.write(`${figures.length} of ${ways.length}: ${JSON.stringify(figure)}\n`);
  }
  if (figures.some(({ isEqual }) => !isEqual)) throw new Error("rows or hashes differ, see docs/evidence");
}

type Env = Readonly<Record<string, string>>;

function recoverOnce(way: Way, env: NodeJS.ProcessEnv): Figure {
  const values = "'Soak ' || gen_random_uuid(), current_date + g, 5, now(), now()";
  const columns = "name, held_on, distance_km, created_at, updated_at";
  const insert = `INSERT INTO runs (${columns}) SELECT ${values} FROM generate_series(1, ${ROWS}) g;`;
  onServer(PSQL, env, insert);
  if (way !== "recover") homeport(["backup", "now"], env); // which takes its own
  const before = contents(env);
  const former = address(env);
  const start = performance.now();
  if (way === "destroy and up") {
    for (const step of ["destroy", "up"])
      must("pulumi", [step, "--yes", "--skip-preview", "--non-interactive", "--suppress-progress"], env);
    homeport(["verify"], env);
  } else {
    if (way === "recover, host dead")
      onServer("sudo systemd-run --on-active=1 --timer-property=AccuracySec=1 systemctl poweroff", env);
    homeport(["recover", ...(way === "recover" ? [] : ["--dead"])], env);
  }
  const seconds = Math.round((performance.now() - start) / 100) / 10;
  const after = contents(env);
  const rows = Number(onServer(PSQL, env, "SELECT count(*) FROM runs;"));
  const now = address(env);
  return { way, isEqual: after === before, rows, seconds, address: now, isSameAddress: now === former };
}

/** Every table with its rows and hash, as in a backup's manifest. */
function contents(env: NodeJS.ProcessEnv): string {
  return onServer(`sudo cat /etc/homeport/backup/manifest.sql | ${PSQL}`, env);
}

function write(figures: readonly Figure[]): void {
  const folder = join(ROOT, "docs", "evidence");
  mkdirSync(folder, { recursive: true });
  const commit = must("git", ["rev-parse", "--short", "HEAD"], process.env).trim();
  const equal = figures.filter(({ isEqual }) => isEqual).length;
  const evidence = { at: new Date().toISOString(), commit, recoveries: figures.length, equal, figures };
  writeFileSync(join(folder, "recoveries.json"), `${JSON.stringify(evidence, null, 2)}\n`);
}

function address(env: NodeJS.ProcessEnv): string {
  return must("pulumi", ["stack", "output", "serverIp"], env).trim();
}

function homeport(args: readonly string[], env: NodeJS.ProcessEnv): string {
  return must("node", [join("cli", "homeport.js"), ...args], env);
}

function onServer(command: string, env: NodeJS.ProcessEnv, stdin = ""): string {
  return must(
    "ssh",
    ["-F", join(".homeport", CLOUD, "ssh_config"), `ops@${address(env)}`, command],
    env,
    stdin,
  );
}

/** The command's stdout. @throws Error with what it printed when it fails. */
function must(command: string, args: readonly string[], env: NodeJS.ProcessEnv, stdin = ""): string {
  const options = {
    cwd: ROOT,
    env: { ...env, HOMEPORT_CLOUD: CLOUD },
    encoding: "utf8",
    input: stdin,
  } as const;
  const { status, stdout, stderr } = spawnSync(command, [...args], { ...options, maxBuffer: 64 << 20 });
  if (status === 0) return stdout;
  throw new Error(
    `${command} ${args.slice(0, 3).join(" ")} ended with ${status ?? "a signal"}\n${stdout}${stderr}`,
  );
}

try {
  main();
} catch (error) {
  process.stderr.write(`soak: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
