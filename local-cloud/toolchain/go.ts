import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const LAST_LINES = 20;

/** Go's own environment for a build that depends on nothing but the module files. */
const GO_ENVIRONMENT = { CGO_ENABLED: "0", GOFLAGS: "", GOWORK: "off" };

/** The newest Go version that one of the modules asks for, like `1.26.4`. */
export function requiredGo(modules: readonly string[]): string {
  const wanted = modules.map((folder) => /^go (\S+)$/m.exec(readFileSync(join(folder, "go.mod"), "utf8"))?.[1] ?? "1");
  return wanted.sort(compareVersions).at(-1) ?? "1";
}

export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map((part) => parseInt(part, 10) || 0));
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The Go that would build `folder`, such as `1.26.8` (Go 1.21 and later fetch the one that go.mod asks for). */
export function installedGo(folder: string): string | undefined {
  const env = { ...process.env, ...GO_ENVIRONMENT };
  for (const cwd of [folder, "/"]) {
    const { status, stdout } = spawnSync("go", ["env", "GOVERSION"], { cwd, env, encoding: "utf8" });
    if (status === 0) return stdout.trim().replace(/^go/, "");
  }
  return undefined;
}

/** What is wrong with the Go on PATH, and the command that mends it; undefined when nothing is. */
export function goFault(installed: string | undefined, required: string): string | undefined {
  if (installed && compareVersions(installed, required) >= 0) return undefined;
  const archive = `go${required}.linux-${process.arch === "arm64" ? "arm64" : "amd64"}.tar.gz`;
  const fetchesItself = installed && compareVersions(installed, "1.21") >= 0;
  const fix = fetchesItself
    ? "export GOTOOLCHAIN=auto"
    : `rm -rf /usr/local/go && curl -fsSL https://go.dev/dl/${archive} | tar -C /usr/local -xz && ` +
      `export PATH=/usr/local/go/bin:$PATH`;
  const got = installed ?? "none on PATH";
  return `go: must be ${required} or newer to build Pulumi (its servers do not answer here), got ${got}; fix: ${fix}`;
}

/** Runs `go` in a module's folder; `line` gets each line that it says. Fails with its last lines. */
export function go(cwd: string, args: readonly string[], line: (text: string) => void = () => {}): Promise<void> {
  return execute("go", args, { cwd, env: GO_ENVIRONMENT }, line);
}

/** Runs a program to its end without a shell. Fails with the last lines of what it said. */
export function execute(
  program: string,
  args: readonly string[],
  options: { cwd: string; env: Readonly<Record<string, string>> },
  line: (text: string) => void = () => {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...options.env };
    const child = spawn(program, args, { cwd: options.cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    const last: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (text) => {
        last.push(text);
        if (last.length > LAST_LINES) last.shift();
        line(text);
      });
    }
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) return resolve();
      reject(new Error(`${program} ${args[0] ?? ""}: ended with ${signal ?? code}\n${last.join("\n")}`));
    });
  });
}
