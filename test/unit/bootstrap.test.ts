import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const ROOT = join(__dirname, "..", "..");
const TASK =
  "console.log(JSON.stringify(process.argv.slice(2)));\nprocess.exitCode = Number(process.env.CODE ?? 0);\n";
const LIBRARY = {
  "node_modules/a": { version: "1.0.0" },
  "node_modules/other-system": { version: "1.0.0", optional: true },
};
const INSTALLED = { packages: { "node_modules/a": { version: "1.0.0" } } };

let tree: string;

function put(file: string, content: string): string {
  const path = join(tree, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const lockfile = (packages: object): string =>
  put("package-lock.json", JSON.stringify({ packages: { "": {}, ...packages } }));
const installed = (): string => put("node_modules/.package-lock.json", JSON.stringify(INSTALLED));

/** Runs the bootstrap of a work tree that has it, two tasks, and an npm that notes that it was called. */
function run(
  args: string[],
  env: Record<string, string> = {},
): { status: number | null; stdout: string; stderr: string } {
  const options = {
    env: { ...process.env, PATH: `${join(tree, "bin")}${delimiter}${process.env.PATH}`, ...env },
  };
  return spawnSync(process.execPath, [join(tree, "scripts/dev/bootstrap.js"), ...args], {
    ...options,
    encoding: "utf8",
  });
}

beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), "homeport-bootstrap-"));
  put("scripts/dev/check.ts", TASK);
  put("local-cloud/cli.ts", TASK);
  copyFileSync(join(ROOT, "scripts/dev/bootstrap.js"), join(tree, "scripts/dev/bootstrap.js"));
  mkdirSync(join(tree, "node_modules"));
  for (const name of ["tsx", "esbuild", "get-tsconfig"]) {
    if (existsSync(join(ROOT, "node_modules", name)))
      symlinkSync(join(ROOT, "node_modules", name), join(tree, "node_modules", name));
  }
  const npm = `#!/bin/sh\necho "noise of npm"\necho "$@" >> '${tree}/npm-calls'\n`;
  chmodSync(
    put(
      "bin/npm",
      `${npm}printf '%s' '${JSON.stringify(INSTALLED)}' > '${tree}/node_modules/.package-lock.json'\n`,
    ),
    0o755,
  );
  lockfile(LIBRARY);
});

afterEach(() => rmSync(tree, { recursive: true, force: true }));

const npmCalls = (): string[] =>
  existsSync(join(tree, "npm-calls")) ? readFileSync(join(tree, "npm-calls"), "utf8").trim().split("\n") : [];

describe("the start of a task", () => {
  it("installs the libraries in a fresh clone, and says so away from the task's own output", () => {
    const { status, stdout, stderr } = run(["check", "a b"]);
    expect(npmCalls()).toEqual([expect.stringMatching(/^ci /)]);
    expect(stdout).toBe('["a b"]\n');
    expect(stderr).toContain("installing the libraries");
    expect(status).toBe(0);
  });

  it("installs nothing, and says nothing, where they are", () => {
    installed();
    const { stdout, stderr } = run(["check"]);
    expect({ stdout, stderr, calls: npmCalls() }).toEqual({ stdout: "[]\n", stderr: "", calls: [] });
  });

  it("installs them again when the lockfile asks for another version, one more, or one less", () => {
    for (const packages of [
      { "node_modules/a": { version: "1.0.1" } },
      { ...LIBRARY, "local-cloud/node_modules/b": { version: "1.0.0" } },
      {},
    ]) {
      installed();
      lockfile(packages);
      const before = npmCalls().length;
      run(["check"]);
      expect(npmCalls()).toHaveLength(before + 1);
    }
  });

  it("passes the exit code on", () => {
    installed();
    expect(run(["check"], { CODE: "3" }).status).toBe(3);
  });

  it("gives the tasks of the local cloud to its command line", () => {
    installed();
    expect(run(["local"]).stdout).toBe('["local"]\n');
    expect(run(["local:visitor", "curl", "-v"]).stdout).toBe('["visitor","curl","-v"]\n');
  });

  it("refuses a task that there is not, and an installation that fails, with the command that helps", () => {
    installed();
    expect(run(["nonsense"])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("fix: npm run") as string,
    });
    rmSync(join(tree, "node_modules/.package-lock.json"));
    chmodSync(put("bin/npm", "#!/bin/sh\nexit 7\n"), 0o755);
    const { status, stderr } = run(["check"]);
    expect(status).toBe(1);
    expect(stderr).toContain("npm ci: must succeed, got exit code 7; fix: npm ci");
  });
});
