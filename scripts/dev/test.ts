import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensurePackages } from "../../local-cloud/machine/packages";

/** `npm test`: everything that a change must pass, the quick parts first, end to end last, on a cloud of its own. */
const ROOT = join(__dirname, "..", "..");
const CLOUD = "local-test";

interface Count {
  readonly passed: number;
  readonly failed: number;
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
}

/** Runs a command with its output shown, and passed on to `read` where that is given. */
async function run(
  command: string,
  args: readonly string[],
  read?: (chunk: string) => void,
): Promise<number> {
  const env = { ...process.env, HOMEPORT_CLOUD: CLOUD };
  const child = spawn(command, [...args], { cwd: ROOT, env, stdio: ["ignore", read ? "pipe" : 1, 2] });
  child.stdout?.on("data", (chunk: Buffer) => {
    process.stdout.write(chunk);
    read?.(chunk.toString());
  });
  const [code] = (await once(child, "close")) as [number | null];
  return code ?? 1;
}

async function vitest(config: string): Promise<Count> {
  const folder = mkdtempSync(join(tmpdir(), "homeport-test-"));
  const report = join(folder, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  try {
    const code = await run("node_modules/.bin/vitest", ["run", "--config", config, ...reporters]);
    if (!existsSync(report)) return { passed: 0, failed: 1 };
    const found = JSON.parse(readFileSync(report, "utf8")) as VitestReport;
    return { passed: found.numPassedTests, failed: Math.max(found.numFailedTests, code === 0 ? 0 : 1) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function bats(): Promise<Count> {
  let text = "";
  const code = await run("bats", ["--tap", "test/shell"], (chunk) => (text += chunk));
  const passed = text.match(/^ok /gm)?.length ?? 0;
  const failed = text.match(/^not ok /gm)?.length ?? 0;
  return { passed, failed: Math.max(failed, code === 0 ? 0 : 1) };
}

async function check(): Promise<Count> {
  const code = await run(process.execPath, ["scripts/dev/bootstrap.js", "check"]);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function main(): Promise<void> {
  const began = Date.now();
  await ensurePackages((line) => process.stderr.write(`${line}\n`));
  const parts: readonly (readonly [string, () => Promise<Count>])[] = [
    ["check", check],
    ["shell", bats],
    ["unit", () => vitest("vitest.config.mts")],
    ["end to end", () => vitest("vitest.e2e.config.mts")],
  ];
  const counts: Count[] = [];
  for (const [name, part] of parts) {
    process.stdout.write(`\n# ${name}\n`);
    const started = Date.now();
    const count = await part();
    counts.push(count);
    const seconds = ((Date.now() - started) / 1000).toFixed(0);
    process.stdout.write(`# ${name}: ${count.passed} passed, ${count.failed} failed, ${seconds} s\n`);
  }
  const sum = (key: keyof Count): number => counts.reduce((total, count) => total + count[key], 0);
  process.stdout.write(`\nall of it took ${((Date.now() - began) / 60_000).toFixed(1)} min\n`);
  process.stdout.write(`${sum("passed")} passed, ${sum("failed")} failed\n`);
  process.exitCode = sum("failed") === 0 ? 0 : 1;
}

void main();
