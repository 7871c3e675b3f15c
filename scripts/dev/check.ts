import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
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

/** Every shell script of the work tree, known by its name (.sh, .bash, .bats) or its first line; none without shfmt. */
function shellFiles(): string[] {
  const { status, stdout } = spawnSync("shfmt", ["-f", "."], { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) return []; // shellcheck fails without files, and shfmt as it failed here
  return stdout.split("\n").filter((file) => file !== "" && !file.split("/").includes("node_modules"));
}

/** Only caches that cannot hide a fault: eslint's is none, a file's findings hang on the types of other files. */
const CACHE = join("node_modules", ".cache", "check");
const TYPES_CACHE = ["--incremental", "--tsBuildInfoFile", join(CACHE, "types.json")];
const PRETTIER_CACHE = [
  ...["--cache", "--cache-strategy", "content"],
  ...["--cache-location", join(CACHE, "prettier.json")],
];

function checks(): Check[] {
  const bin = (name: string): string => join("node_modules", ".bin", name);
  const shell = shellFiles();
  return [
    { name: "eslint", command: [bin("eslint"), "--max-warnings", "0", "."] },
    { name: "types", command: [bin("tsc"), "-p", "tsconfig.check.json", ...TYPES_CACHE] },
    {
      name: "prettier",
      command: [bin("prettier"), "--check", "--log-level", "warn", ...PRETTIER_CACHE, "."],
    },
    { name: "secrets", command: [bin("secretlint"), "--secretlintignore", ".gitignore", "**/*"] },
    { name: "shellcheck", command: ["shellcheck", ...shell] },
    { name: "shfmt", command: ["shfmt", "-i", "2", "-d", ...shell] },
  ];
}

function missing(command: string, error: Error): string {
  const fix = command.startsWith("node_modules") ? "npm ci" : `apt-get install ${command}`;
  return `${command}: must start, got ${error.message}; fix: ${fix}`;
}

async function run(check: Check): Promise<Outcome> {
  const started = Date.now();
  const [command, ...args] = check.command as [string, ...string[]];
  const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.on("error", (error) => chunks.push(Buffer.from(missing(command, error))));
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
