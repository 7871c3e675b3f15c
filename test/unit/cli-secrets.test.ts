import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const HOMEPORT = resolve(__dirname, "../../cli/homeport.js");
const TOKEN = "T".repeat(64);
const PASSWORD = "registry-p4ssword";

/** Records what it was asked, and answers as `pulumi` does for a stack without any config. */
const FAKE_PULUMI = `#!/usr/bin/env node
const fs = require("fs");
const args = process.argv.slice(2);
const stdin = args.includes("set") ? fs.readFileSync(0, "utf8") : "";
fs.appendFileSync(process.env.RECORD, JSON.stringify({ args, stdin, env: process.env }) + "\\n");
if (process.env.FAIL && args.includes(process.env.FAIL)) {
  process.stderr.write("error: " + process.env.FAIL_TEXT + "\\n");
  process.exit(255);
}
if (args.includes("export")) console.log(JSON.stringify({ version: 3, deployment: {} }));
if (args.includes("config") && !args.includes("set")) console.log("{}");
`;

interface Call {
  readonly args: readonly string[];
  readonly stdin: string;
  readonly env: Readonly<Record<string, string>>;
}

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "homeport-cli-"));
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "Pulumi.yaml"), "name: homeport\nruntime: nodejs\n");
  const system = resolve(__dirname, "../../systems/running-calendar");
  writeFileSync(join(folder, "system.ts"), `export { runningCalendar as system } from "${system}";\n`);
  writeFileSync(join(folder, "bin", "pulumi"), FAKE_PULUMI);
  chmodSync(join(folder, "bin", "pulumi"), 0o755);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function homeport(args: readonly string[], options: { stdin?: string; env?: Record<string, string> } = {}) {
  const {
    HCLOUD_TOKEN: _h,
    CLOUDFLARE_API_TOKEN: _c,
    KAMAL_REGISTRY_PASSWORD: _k,
    ...inherited
  } = process.env;
  const env = {
    ...inherited,
    RECORD: join(folder, "record"),
    PATH: `${join(folder, "bin")}:${process.env.PATH}`,
    ...options.env,
  };
  return spawnSync(process.execPath, [HOMEPORT, ...args], {
    cwd: folder,
    env,
    input: options.stdin ?? "",
    encoding: "utf8",
  });
}

function calls(): Call[] {
  const lines = readFileSync(join(folder, "record"), "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as Call);
}

// a process for each command: on a loaded machine seconds each
vi.setConfig({ testTimeout: 60_000 });

describe("homeport init", () => {
  it("gives every value to pulumi on stdin and none as an argument", () => {
    const stdin = `HCLOUD_TOKEN=${TOKEN}\nKAMAL_REGISTRY_PASSWORD=${PASSWORD}\n`;

    const result = homeport(["init", "--stack", "prod", "--from-stdin", "--domain", "example.org"], {
      stdin,
    });

    const sets = calls().filter(({ args }) => args.includes("set"));
    const byKey = new Map(sets.map((call) => [call.args.at(-1), call]));
    expect(byKey.get("hcloud:token")?.stdin).toBe(TOKEN);
    expect(byKey.get("homeport:registryPassword")?.stdin).toBe(PASSWORD);
    expect(byKey.get("homeport:hostPrivateKey")?.stdin).toContain("OPENSSH PRIVATE KEY");
    expect(byKey.get("homeport:secrets.SECRET_KEY_BASE")?.args).toContain("--path");
    for (const key of [
      "hcloud:token",
      "homeport:registryPassword",
      "homeport:hostPrivateKey",
      "homeport:operatorPrivateKey",
    ]) {
      expect(byKey.get(key)?.args).toContain("--secret");
    }
    const visible = JSON.stringify([
      calls().map(({ args, env }) => [args, env]),
      result.stdout,
      result.stderr,
    ]);
    for (const { stdin: value, args } of sets.filter((call) => call.args.includes("--secret"))) {
      expect(value, args.at(-1)).not.toBe("");
      expect(visible).not.toContain(value.trimEnd().split("\n").at(-2) ?? value.trimEnd());
    }
  });

  it("makes the stack before any value, and lists what only the user has with the command, exit code 2", () => {
    const result = homeport(["init", "--stack", "prod"]);

    expect(calls()[0]?.args).toEqual(expect.arrayContaining(["stack", "select", "--create", "prod"]));
    expect(result.status).toBe(2);
    expect(result.stderr).toContain("pulumi config set --stack prod --secret hcloud:token");
  });

  it("says in one line what to do when the passphrase is missing and nobody can be asked", () => {
    const env = { FAIL: "select", FAIL_TEXT: "passphrase must be set with PULUMI_CONFIG_PASSPHRASE" };

    const result = homeport(["init", "--stack", "prod"], { env });

    expect(result.status).toBe(2);
    expect(result.stderr.trim().split("\n")).toHaveLength(1);
    expect(result.stderr).toContain("export PULUMI_CONFIG_PASSPHRASE_FILE=");
  });
});

describe("homeport", () => {
  it.each([
    [["init", "--nonsense"], 2],
    [["nonsense"], 2],
    [["deploy", "--image", "ghcr.io/me/app:latest"], 2],
    [["graph", "--stack"], 2],
    [["--help"], 0],
    [["verify", "--help"], 0],
  ])("%j ends with exit code %i", (args, code) => {
    expect(homeport(args).status).toBe(code);
  });

  it("shows examples and exit codes in every command's help, and never a stack trace", () => {
    for (const command of ["init", "deploy", "verify", "graph", "ssh"]) {
      const { stdout } = homeport([command, "--help"]);
      expect(stdout).toContain("Examples:");
      expect(stdout).toMatch(/exit code/i);
    }
    const broken = homeport(["ssh", "--stack", "prod"], { env: { FAIL: "config", FAIL_TEXT: "boom" } });
    expect(broken.stderr).toBe("homeport: pulumi config: boom\n");
    expect(broken.status).toBe(1);
  });

  it("answers a fault as JSON when asked to", () => {
    const env = { FAIL: "config", FAIL_TEXT: "no stack named 'prod' found" };
    const result = homeport(["verify", "--stack", "prod", "--json"], { env });

    expect(JSON.parse(result.stdout)).toEqual({
      ok: false,
      exitCode: 2,
      problems: ["no such stack; fix: homeport init --stack NAME"],
    });
  });
});
