import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ensureToolchain } from "../../local-cloud/toolchain/install";
import { layout } from "../../local-cloud/toolchain/layout";

let folder: string;
let lines: string[];
const report = (line: string): number => lines.push(line);

/** A CLI where npm's `pulumi` looks for the one that it has downloaded. It notes how it is called. */
const CLI = (log: string): string => `#!/bin/sh
echo "$@" >> '${log}'
[ "$1 $2" = "plugin install" ] || exit 0
[ ! -e '${log}.fails' ] || { echo "error: 404 while downloading" >&2; exit 1; }
mkdir -p "$PULUMI_HOME/plugins/$3-$4-v$5"
touch "$PULUMI_HOME/plugins/$3-$4-v$5/pulumi-$3-$4"
`;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "homeport-install-"));
  lines = [];
  vi.stubEnv("HOMEPORT_CACHE", join(folder, "cache"));
  const { bin } = layout();
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "pulumi"), CLI(join(folder, "calls")));
  chmodSync(join(bin, "pulumi"), 0o755);
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  rmSync(folder, { recursive: true, force: true });
});

const serversAnswer = (status: number): void =>
  void vi.stubGlobal("fetch", () => Promise.resolve(new Response(null, { status })));

/** A PATH with what the installation calls, but no Go. */
function withoutGo(): void {
  const path = join(folder, "bin");
  mkdirSync(path);
  symlinkSync(process.execPath, join(path, "node"));
  for (const command of ["sh", "cat", "flock", "mkdir", "touch"])
    symlinkSync(`/usr/bin/${command}`, join(path, command));
  vi.stubEnv("PATH", path);
}

const calls = (): string[] => readFileSync(join(folder, "calls"), "utf8").trimEnd().split("\n");

describe("a machine that reaches Pulumi's servers", () => {
  it("gets the official CLI and plugins in npm's versions, no stand-in, and needs no Go", async () => {
    serversAnswer(200);
    withoutGo();
    const toolchain = await ensureToolchain(report);
    expect(toolchain).toEqual({
      home: layout().home,
      pulumiVersion: layout().pulumiVersion,
      source: "official",
    });
    const installs = layout().plugins.map(
      ({ name, version }) => `plugin install resource ${name} ${version}`,
    );
    expect(calls()).toEqual(["version", ...installs]);
    expect(existsSync(join(layout().bin, "pulumi-language-nodejs"))).toBe(false);
  });

  it("asks nobody a second time", async () => {
    serversAnswer(200);
    await ensureToolchain(report);
    const before = calls().length;
    vi.stubGlobal("fetch", () => Promise.reject(new Error("must not be asked")));
    lines = [];
    expect((await ensureToolchain(report)).source).toBe("official");
    expect(calls()).toHaveLength(before);
    expect(lines).toEqual([]);
  });

  it("builds them where the download fails half way, and says why", async () => {
    serversAnswer(200);
    withoutGo();
    writeFileSync(join(folder, "calls.fails"), "");
    await expect(ensureToolchain(report)).rejects.toThrow(/^go: must be /);
    expect(lines.find((line) => line.includes("built instead"))).toContain("404 while downloading");
  });
});

describe("a machine that reaches package registries only", () => {
  it("is told which Go to install when it has none, and keeps what it has", async () => {
    serversAnswer(403);
    withoutGo();
    await expect(ensureToolchain(report)).rejects.toThrow(
      /^go: must be .* got none on PATH; fix: .*go\.dev\/dl\/go1\./,
    );
    expect(existsSync(join(folder, "calls"))).toBe(false);
    expect(existsSync(join(layout().bin, "pulumi"))).toBe(true);
  });
});
