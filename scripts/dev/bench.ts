import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { table } from "../../cli/output";
import { measureDatabase, type Measured } from "./bench-database";

/**
 * Prints how long the usual commands take, in seconds and as multiples of what this machine needs to start Node and
 * Pulumi: figures of two machines compare by their ratios. Then what becomes of a database of 1 GB, beside a plain
 * pg_dump into psql on the same host. Nothing is asserted. Works on a cloud of its own and
 * removes it.
 */

const ROOT = resolve(__dirname, "../..");
const CLOUD = "local-bench";
const REPEATS = 3;

function main(): void {
  const rows: Measured[] = [];
  const database: Measured[] = [];
  let baseline = 0;
  try {
    task("local", ["--cloud-only"]); // images, toolchain and cloud are warm from here on
    const env = cloudEnvironment();
    baseline = measureBaseline(env);
    rows.push(
      { what: "first pulumi up", seconds: pulumi(["up", "--yes", "--skip-preview"], env) },
      { what: "no-op pulumi up", seconds: best(() => pulumi(["up", "--yes", "--skip-preview"], env)) },
      { what: "pulumi preview", seconds: best(() => pulumi(["preview", "--expect-no-changes"], env)) },
      { what: "homeport verify", seconds: best(() => homeport(["verify"], env)) },
      { what: "homeport init, nothing to do", seconds: best(() => homeport(["init"], env)) },
      { what: "npm run local, all there", seconds: task("local", []) },
      { what: "npm run local:env", seconds: best(() => task("local:env", [])) },
    );
    database.push(...measureDatabase(CLOUD, env));
  } finally {
    task("local:down", []);
    for (const rest of [`Pulumi.${CLOUD}.yaml`, join(".homeport", CLOUD)]) {
      rmSync(join(ROOT, rest), { recursive: true, force: true });
    }
  }
  print("command", rows, { what: "node -e 0 and pulumi version", seconds: baseline });
  const [plain, ...ours] = database;
  if (plain !== undefined) print("a database of 1 GB", ours, plain);
}

/** Start-up of Node and of Pulumi on this machine, now: what no command can be quicker than. */
function measureBaseline(env: NodeJS.ProcessEnv): number {
  const node = best(() => timed(process.execPath, ["-e", "0"], env));
  const engine = best(() => timed("pulumi", ["version"], env));
  return node + engine;
}

/** As multiples of the first row too. */
function print(title: string, rows: readonly Measured[], base: Measured): void {
  const lines = [base, ...rows].map(({ what, seconds }) => [
    what,
    `${seconds.toFixed(2)} s`,
    `${(seconds / base.seconds).toFixed(1)} x`,
  ]);
  process.stdout.write(`${table([[title, "time", "ratio"], ...lines])}\n\n`);
}

function cloudEnvironment(): NodeJS.ProcessEnv {
  const result = spawnSync("node", [join("scripts", "dev", "bootstrap.js"), "local:env", "--json"], {
    cwd: ROOT,
    env: ownCloud(),
    encoding: "utf8",
  });
  if (result.status !== 0) throw new Error(`local:env ended with ${result.status}: ${result.stderr}`);
  return { ...ownCloud(), ...(JSON.parse(result.stdout) as Record<string, string>) };
}

function task(name: string, args: readonly string[]): number {
  return timed("node", [join("scripts", "dev", "bootstrap.js"), name, ...args], ownCloud());
}

function pulumi(args: readonly string[], env: NodeJS.ProcessEnv): number {
  return timed("pulumi", [...args, "--non-interactive", "--suppress-progress"], env);
}

function homeport(args: readonly string[], env: NodeJS.ProcessEnv): number {
  return timed("node", [join("cli", "homeport.js"), ...args], env);
}

function ownCloud(): NodeJS.ProcessEnv {
  return { ...process.env, HOMEPORT_CLOUD: CLOUD };
}

/** Seconds that a command took; its output is shown on stderr only when it fails. */
function timed(command: string, args: readonly string[], env: NodeJS.ProcessEnv): number {
  process.stderr.write(`${[command, ...args].join(" ")} …`);
  const start = performance.now();
  const result = spawnSync(command, [...args], { cwd: ROOT, env, encoding: "utf8", maxBuffer: 64 << 20 });
  const seconds = (performance.now() - start) / 1000;
  process.stderr.write(` ${seconds.toFixed(2)} s\n`);
  if (result.status === 0) return seconds;
  process.stderr.write(`${result.stdout}\n${result.stderr}\n`);
  throw new Error(
    `${command} ${args[0] ?? ""} ended with ${result.status ?? result.error?.message ?? "a signal"}`,
  );
}

function best(measure: () => number): number {
  return Math.min(...Array.from({ length: REPEATS }, measure));
}

try {
  main();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
