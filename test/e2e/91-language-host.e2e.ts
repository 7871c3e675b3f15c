import { spawn, spawnSync, type SpawnSyncReturns } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isAlive } from "../../local-cloud/machine/processes";
import { ensureToolchain } from "../../local-cloud/toolchain/install";
import { ROOT } from "../../local-cloud/toolchain/versions";

const folder = mkdtempSync(join(tmpdir(), "homeport-program-"));
let env: NodeJS.ProcessEnv;
let cli: string;

beforeAll(async () => {
  const { home, pulumiVersion } = await ensureToolchain(() => undefined);
  cli = join(home, "versions", pulumiVersion, "bin", "pulumi");
  env = {
    ...process.env,
    PULUMI_HOME: home,
    PULUMI_BACKEND_URL: `file://${folder}/backend`,
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_STACK: "local", // whatever the shell that runs the tests has chosen
    NO_COLOR: "1",
  };
  mkdirSync(join(folder, "backend"));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{"name":"host","main":"index.ts"}');
  writeFileSync(join(folder, "tsconfig.json"), '{"compilerOptions":{"noCheck":true,"esModuleInterop":true}}');
  const options = `  options:\n    nodeargs: --stack-trace-limit=3 "--title=two words"\n`;
  writeFileSync(join(folder, "Pulumi.yaml"), `name: host\nruntime:\n  name: nodejs\n${options}`);
  expect(pulumi("", "stack", "init", "local").status).toBe(0);
}, 600_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function pulumi(program: string, ...args: string[]): SpawnSyncReturns<string> {
  writeFileSync(join(folder, "index.ts"), `${program}\n`);
  return spawnSync(cli, args, { cwd: folder, env, encoding: "utf8" });
}

describe("a program run by the language host", () => {
  it("gets the node arguments of Pulumi.yaml, its config, and a voice; nothing warns", () => {
    expect(pulumi("", "config", "set", "greeting", "hello").status).toBe(0);
    const shown =
      'console.log(JSON.stringify(process.execArgv)); console.error(new Config().require("greeting"));';
    const { status, stdout } = pulumi(`import { Config } from "@pulumi/pulumi";\n${shown}`, "preview");
    expect(status).toBe(0);
    expect(stdout).toContain('["--stack-trace-limit=3","--title=two words"]');
    expect(stdout).toContain("hello");
    expect(stdout).not.toContain("warning");
  });

  it("that throws is reported once, with its own words", () => {
    const { status, stdout } = pulumi('throw new Error("no such system");', "preview", "--diff=false");
    expect(status).not.toBe(0);
    expect(stdout.match(/Error: no such system/g)).toHaveLength(1);
    expect(stdout).not.toContain("non-zero exit code");
  });

  it("that ends by itself with a status is a failure that names it", () => {
    const { status, stdout } = pulumi("process.exit(7);", "preview");
    expect(status).not.toBe(0);
    expect(stdout).toContain("non-zero exit code: 7");
  });

  it("ends with the engine, though that was killed", async () => {
    writeFileSync(
      join(folder, "index.ts"),
      "console.log(`pid=${process.pid};`); setInterval(() => {}, 1000);\n",
    );
    const engine = spawn(cli, ["preview"], { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    while (!/pid=\d+;/.test(said)) said += String((await once(engine.stdout, "data"))[0]);
    const program = Number(/pid=(\d+);/.exec(said)?.[1]);
    expect(isAlive(program)).toBe(true);
    engine.kill("SIGKILL");
    while (isAlive(program)) await new Promise((resolve) => setTimeout(resolve, 20));
  });
});
