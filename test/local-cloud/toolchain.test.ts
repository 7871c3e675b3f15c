import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { bundle, isFresh } from "../../local-cloud/toolchain/bundle";
import { contentHash, filesBelow } from "../../local-cloud/toolchain/content-hash";
import { goFault, requiredGo } from "../../local-cloud/toolchain/go";
import { installed, serversAnswer, stalePart } from "../../local-cloud/toolchain/install";
import { layout, pluginFile, type Layout } from "../../local-cloud/toolchain/layout";
import { step } from "../../local-cloud/toolchain/progress";
import { pluginVersions, pulumiVersion, ROOT } from "../../local-cloud/toolchain/versions";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "homeport-toolchain-"));
});

afterEach(() => {
  vi.unstubAllGlobals();
  rmSync(folder, { recursive: true, force: true });
});

function put(file: string, content = ""): string {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

describe("versions of the toolchain", () => {
  const manifest = (name: string): { version: string } =>
    JSON.parse(readFileSync(join(ROOT, "node_modules", name, "package.json"), "utf8")) as { version: string };

  it("are those of the npm packages that the program uses", () => {
    expect(pulumiVersion()).toBe(manifest("pulumi").version);
    expect(pluginVersions().map(({ name }) => name)).toEqual([
      "cloudflare",
      "command",
      "docker",
      "hcloud",
      "random",
      "tls",
    ]);
    for (const { name, version } of pluginVersions())
      expect(version).toBe(manifest(`@pulumi/${name}`).version);
  });

  it("are typed nowhere else in the code of the toolchain and the plugins", () => {
    const roots = ["toolchain", "plugins"].map((name) => join(ROOT, "local-cloud", name));
    const sources = roots.flatMap(filesBelow).filter((file) => /\.(ts|js|go)$/.test(file));
    const literals = [pulumiVersion(), ...pluginVersions().map(({ version }) => version)].map(
      (v) => `"${v}"`,
    );
    const typed = sources.filter((file) =>
      literals.some((literal) => readFileSync(file, "utf8").includes(literal)),
    );
    expect(sources.length).toBeGreaterThan(10);
    expect(typed).toEqual([]);
  });

  it("agree with the engine's Go modules, which the CLI of npm has to find built", () => {
    for (const part of ["engine", "plugins"]) {
      const modules = readFileSync(join(ROOT, "local-cloud", "toolchain", part, "go.mod"), "utf8");
      expect(modules).toContain(`github.com/pulumi/pulumi/pkg/v3 v${pulumiVersion()}`);
    }
  });
});

describe("the stamp of an installed toolchain", () => {
  const keys = { engine: "e1", plugins: "p1", host: "h1" };

  function wanted(changes: Partial<Layout> = {}): Layout {
    const hcloud = { name: "hcloud", version: "1.0.0" };
    const bin = join(folder, "versions", "3.0.0", "bin");
    return {
      ...layout(),
      home: folder,
      bin,
      plugins: [hcloud],
      goPlugins: [hcloud],
      scriptPlugins: [],
      keys,
      ...changes,
    };
  }

  function install(stamp: object): void {
    put("versions/3.0.0/bin/pulumi");
    put("versions/3.0.0/bin/pulumi-language-nodejs");
    put("plugins/resource-hcloud-v1.0.0/pulumi-resource-hcloud");
    put("homeport-toolchain.json", JSON.stringify(stamp));
  }

  it("says that all is there when sources, versions and files are as they were", () => {
    install({ source: "built", keys });
    expect(installed(wanted())).toBe("built");
  });

  it("asks for just the part whose sources changed", () => {
    const built = { source: "built", keys } as const;
    install(built);
    const changed = wanted({ keys: { ...keys, host: "h2" } });
    expect(installed(changed)).toBeUndefined();
    expect(stalePart(changed, built)).toEqual(["host"]);
  });

  it("does not outlive the files that it speaks of", () => {
    install({ source: "built", keys });
    rmSync(join(folder, "plugins"), { recursive: true });
    expect(installed(wanted())).toBeUndefined();
    expect(stalePart(wanted(), { source: "built", keys })).toEqual(["plugins"]);
  });

  it("counts as none when it was cut short", () => {
    install({ source: "built", keys });
    put("homeport-toolchain.json", '{"source":"bu');
    expect(installed(wanted())).toBeUndefined();
  });

  it("asks for all parts to be built where the official ones were before and their version changed", () => {
    install({ source: "official", keys: {} });
    expect(installed(wanted())).toBe("official");
    const newer = wanted({ plugins: [{ name: "hcloud", version: "1.0.1" }] });
    expect(installed(newer)).toBeUndefined();
    expect(stalePart(newer, { source: "official", keys: {} })).toEqual(["engine", "host", "plugins"]);
  });

  it("changes with any byte and any name of the sources", () => {
    put("src/a.go", "package a");
    const before = contentHash([join(folder, "src")]);
    put("src/a.go", "package b");
    const edited = contentHash([join(folder, "src")]);
    put("src/b.go", "");
    const added = contentHash([join(folder, "src")]);
    const bumped = contentHash([join(folder, "src")], ["1.0.1"]);
    expect(new Set([before, edited, added, bumped]).size).toBe(4);
  });
});

describe("where Pulumi's servers are asked for", () => {
  it("takes only a successful answer for one", async () => {
    vi.stubGlobal("fetch", () => Promise.resolve(new Response(null, { status: 403 })));
    expect(await serversAnswer()).toBe(false);
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("fetch failed")));
    expect(await serversAnswer()).toBe(false);
    vi.stubGlobal("fetch", () => Promise.resolve(new Response(null, { status: 200 })));
    expect(await serversAnswer()).toBe(true);
  });
});

describe("the Go that builds it", () => {
  it("is the newest that one of the modules asks for", () => {
    put("a/go.mod", "module a\n\ngo 1.9.3\n");
    put("b/go.mod", "module b\n\ngo 1.25.11\n");
    expect(requiredGo([join(folder, "a"), join(folder, "b")])).toBe("1.25.11");
  });

  it("may be newer, and no fault is found", () => {
    expect(goFault("1.26.8", "1.26.4")).toBeUndefined();
    expect(goFault("1.26.4", "1.26.4")).toBeUndefined();
  });

  it("is missing: the error says which one, and the command that installs it", () => {
    const fault = goFault(undefined, "1.26.4");
    expect(fault).toMatch(
      /^go: must be 1\.26\.4 or newer .*, got none on PATH; fix: .*go1\.26\.4\.linux-(amd64|arm64)\.tar\.gz/,
    );
  });

  it("is too old: the error says how it fetches a newer one, where it is new enough for that", () => {
    expect(goFault("1.24.4", "1.26.4")).toMatch(/got 1\.24\.4; fix: export GOTOOLCHAIN=auto$/);
    expect(goFault("1.19.8", "1.26.4")).toMatch(/got 1\.19\.8; fix: .*curl/);
  });
});

describe("a bundle", () => {
  const TEXT =
    'import { text } from "./text";\nimport { Client } from "ssh2";\nimport Docker from "dockerode";\n';
  const PROGRAM = `${TEXT}console.log(text, typeof Client, typeof Docker);\n`;

  it("is one file that runs by itself, native addons or not", async () => {
    // Below the root, so that libraries are found as those of real entries are.
    const source = mkdtempSync(join(ROOT, "local-cloud", ".bundle-test-"));
    try {
      writeFileSync(join(source, "text.ts"), 'export const text: string = "hello";\n');
      writeFileSync(join(source, "main.ts"), PROGRAM);
      const out = join(folder, "deep", "program");
      await bundle(join(source, "main.ts"), out);
      expect(execFileSync(out, { cwd: folder, encoding: "utf8" })).toBe("hello function function\n");
      expect(isFresh(join(source, "main.ts"), out)).toBe(true);

      writeFileSync(join(source, "text.ts"), 'export const text: string = "changed";\n');
      expect(isFresh(join(source, "main.ts"), out)).toBe(false);
      await bundle(join(source, "main.ts"), out);
      expect(execFileSync(out, { cwd: folder, encoding: "utf8" })).toBe("changed function function\n");
    } finally {
      rmSync(source, { recursive: true });
    }
  });

  it("is left alone when its sources are the same", async () => {
    const entry = put("main.ts", "console.log(1);\n");
    const out = join(folder, "out");
    await bundle(entry, out);
    writeFileSync(out, "marked");
    await bundle(entry, out);
    expect(readFileSync(out, "utf8")).toBe("marked");
  });

  it("stays as it was when the new sources do not compile", async () => {
    const entry = put("main.ts", "console.log(1);\n");
    const out = join(folder, "out");
    await bundle(entry, out);
    put("main.ts", "console.log(;\n");
    await expect(bundle(entry, out)).rejects.toThrow(/Unexpected/);
    expect(execFileSync(out, { encoding: "utf8" })).toBe("1\n");
    expect(filesBelow(folder).filter((file) => file.endsWith(".draft"))).toEqual([]);
  });
});

describe("progress", () => {
  it("tells the start and the end of a step, and passes its result and its failure on", async () => {
    const lines: string[] = [];
    const report = (line: string): number => lines.push(line);
    expect(await step(report, "building", () => Promise.resolve(7))).toBe(7);
    await expect(step(report, "linking", () => Promise.reject(new Error("no space")))).rejects.toThrow(
      "no space",
    );
    expect(lines).toEqual(["building", "building: done in 0 s", "linking"]);
  });

  it("tells every few seconds what is done just now", async () => {
    vi.useFakeTimers();
    const lines: string[] = [];
    let finish = (): void => undefined;
    const running = step(
      (line) => lines.push(line),
      "building",
      (doing) => {
        doing("3 packages compiled");
        return new Promise<void>((resolve) => (finish = resolve));
      },
    );
    await vi.advanceTimersByTimeAsync(11_000);
    finish();
    await running;
    vi.useRealTimers();
    expect(lines).toEqual([
      "building",
      "building: 5 s, 3 packages compiled",
      "building: 10 s, 3 packages compiled",
      "building: done in 11 s",
    ]);
  });
});

describe("where plugins are put", () => {
  it("is where the engine looks for exactly that version", () => {
    const file = pluginFile("/home", { name: "tls", version: "5.6.1" });
    expect(file).toBe("/home/plugins/resource-tls-v5.6.1/pulumi-resource-tls");
    expect(existsSync(layout().sources.host)).toBe(true);
  });
});
