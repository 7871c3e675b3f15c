import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** `npm run check`: everything that needs no run of the product. All of it, whatever fails first. */
interface Check {
  readonly name: string;
  readonly command: readonly string[];
}

interface Outcome {
  readonly check: Check;
  readonly code: number;
  readonly output: string;
  readonly seconds: number;
}

const ROOT = join(__dirname, "..", "..");
const WORKERS = 2;

function shellFiles(): string[] {
  const scripts = readdirSync(join(ROOT, "scripts"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".sh"))
    .map((file) => join("scripts", file));
  return [...scripts, "scripts/files/with-secrets", ".ci/run"].filter((file) => existsSync(join(ROOT, file)));
}

function checks(): Check[] {
  const bin = (name: string): string => join("node_modules", ".bin", name);
  const shell = shellFiles();
  return [
    { name: "eslint", command: [bin("eslint"), "--max-warnings", "0", "."] },
    { name: "types", command: [bin("tsc"), "-p", "tsconfig.check.json"] },
    { name: "prettier", command: [bin("prettier"), "--check", "--log-level", "warn", "."] },
    { name: "shellcheck", command: ["shellcheck", ...shell] },
    { name: "shfmt", command: ["shfmt", "-i", "2", "-d", ...shell] },
  ];
}

async function run(check: Check): Promise<Outcome> {
  const started = Date.now();
  const [command, ...args] = check.command as [string, ...string[]];
  const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.on("error", (error) => chunks.push(Buffer.from(error.message)));
  const [code] = (await Promise.race([once(child, "close"), once(child, "error").then(() => [127])])) as [
    number,
  ];
  return { check, code, output: Buffer.concat(chunks).toString(), seconds: (Date.now() - started) / 1000 };
}

async function main(): Promise<void> {
  const queue = checks();
  const outcomes: Outcome[] = [];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const outcome = await run(next);
      outcomes.push(outcome);
      const mark = outcome.code === 0 ? "ok  " : "FAIL";
      process.stdout.write(`${mark} ${next.name} ${outcome.seconds.toFixed(1)} s\n`);
      if (outcome.code !== 0) process.stdout.write(`${outcome.output}\n`);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  process.exitCode = outcomes.every(({ code }) => code === 0) ? 0 : 1;
}

void main();
