import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ensurePackages } from "../../local-cloud/machine/packages";

/** `npm test`: everything that a change must pass, the quick parts first, end to end last, on clouds of their own. */
const ROOT = join(__dirname, "..", "..");
const CLOUDS = { system: "local-test", projects: "local-more" } as const;

/** One of those that go side by side: what it prints has its name in front. */
interface Lane {
  readonly name: string;
  /** Added to this process's environment. */
  readonly env: Readonly<Record<string, string>>;
}

interface Count {
  readonly passed: number;
  readonly failed: number;
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
}

const QUICK: Readonly<Record<string, (lane: Lane) => Promise<Count>>> = {
  shell: bats,
  code: async (lane) => total([await check(lane), await vitest("vitest.config.mts", lane)]),
};

/** Runs a command with its output shown, each line also passed on to `read`. */
async function run(
  { name, env }: Lane,
  command: string,
  args: readonly string[],
  read: (line: string) => void = () => undefined,
): Promise<number> {
  const child = spawn(command, [...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      process.stdout.write(`${name} | ${line}\n`);
      read(line);
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  return code ?? 1;
}

async function vitest(config: string, lane: Lane): Promise<Count> {
  const folder = mkdtempSync(join(tmpdir(), "homeport-test-"));
  const report = join(folder, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  try {
    const code = await run(lane, "node_modules/.bin/vitest", ["run", "--config", config, ...reporters]);
    if (!existsSync(report)) return { passed: 0, failed: 1 };
    const found = JSON.parse(readFileSync(report, "utf8")) as VitestReport;
    return { passed: found.numPassedTests, failed: Math.max(found.numFailedTests, code === 0 ? 0 : 1) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function bats(lane: Lane): Promise<Count> {
  const count = { passed: 0, failed: 0 };
  const code = await run(lane, "bats", ["--tap", "test/shell"], (line) => {
    if (line.startsWith("ok ")) count.passed += 1;
    if (line.startsWith("not ok ")) count.failed += 1;
  });
  return { passed: count.passed, failed: Math.max(count.failed, code === 0 ? 0 : 1) };
}

async function check(lane: Lane): Promise<Count> {
  const code = await run(lane, process.execPath, ["scripts/dev/bootstrap.js", "check"]);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/**
 * Two stories that know nothing of each other, each on its cloud. What both build and keep is there before the second
 * one begins.
 */
async function endToEnd(): Promise<Count> {
  const first: Lane = { name: "system", env: { HOMEPORT_CLOUD: CLOUDS.system } };
  if ((await run(first, "npm", ["run", "-s", "local"])) !== 0) return { passed: 0, failed: 1 };
  const stories = Object.entries(CLOUDS).map(([story, cloud]): [string, (lane: Lane) => Promise<Count>] => [
    story,
    ({ name }) =>
      vitest("vitest.e2e.config.mts", { name, env: { HOMEPORT_CLOUD: cloud, HOMEPORT_STORY: story } }),
  ]);
  return sideBySide(Object.fromEntries(stories));
}

async function sideBySide(lanes: Readonly<Record<string, (lane: Lane) => Promise<Count>>>): Promise<Count> {
  const counts = Object.entries(lanes).map(async ([name, part]) =>
    timed(name, () => part({ name, env: { HOMEPORT_CLOUD: CLOUDS.system } })),
  );
  return total(await Promise.all(counts));
}

async function timed(name: string, part: () => Promise<Count>): Promise<Count> {
  const started = Date.now();
  const { passed, failed } = await part();
  const minutes = ((Date.now() - started) / 60_000).toFixed(1);
  process.stdout.write(`# ${name}: ${passed} passed, ${failed} failed, ${minutes} min\n`);
  return { passed, failed };
}

function total(counts: readonly Count[]): Count {
  const sum = (key: keyof Count): number => counts.reduce((so, count) => so + count[key], 0);
  return { passed: sum("passed"), failed: sum("failed") };
}

async function main(): Promise<void> {
  const began = Date.now();
  await ensurePackages((line) => process.stderr.write(`${line}\n`));
  const { passed, failed } = total([await sideBySide(QUICK), await timed("end to end", endToEnd)]);
  process.stdout.write(`\nall of it took ${((Date.now() - began) / 60_000).toFixed(1)} min\n`);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}

void main();
