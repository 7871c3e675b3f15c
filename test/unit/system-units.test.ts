import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { renderCaddyfile } from "../../components/lib/caddyfile";
import { readCodeTree } from "../../components/lib/code-tree";
import { FaultsError, formatFault } from "../../components/lib/faults";
import { renderNginx } from "../../components/lib/nginx-conf";
import { defineSystem, type SystemSpec } from "../../components/lib/system";
import { backupTrees } from "../../components/lib/system-files";
import type { UnitSpec } from "../../components/lib/system-units";
import { renderEnvironment, renderService } from "../../components/lib/unit-files";

const API: UnitSpec = { source: "../api", command: ["bin/api", "--log", "100%"], port: 8000 };

function spec(unit: Partial<UnitSpec> = {}, changes: Partial<SystemSpec> = {}): SystemSpec {
  return {
    name: "shop",
    services: {},
    units: { api: { ...API, ...unit } },
    sites: [{ hostname: "@", routes: { "/": "api:8000" } }],
    ...changes,
  };
}

function faultsOf(unit: Partial<UnitSpec>, changes: Partial<SystemSpec> = {}): string[] {
  try {
    defineSystem(spec(unit, changes));
    return [];
  } catch (error) {
    if (!(error instanceof FaultsError)) throw error;
    return error.faults.map(formatFault);
  }
}

describe("the units of a system", () => {
  it("fill in their defaults, and need no service beside them", () => {
    const [unit] = defineSystem(spec({ runtime: "python-venv" })).units;
    expect(unit).toMatchObject({
      ...{ name: "api", folder: "/opt/api", user: "www-data", uid: 33, healthPath: "/up" },
      packages: ["python3", "python3-venv"],
    });
  });

  it("have directories that are made for their user, and backed up unless they say otherwise", () => {
    const system = defineSystem(spec({ writable: { data: { sqlite: ["a.db"] }, tmp: { backup: false } } }));
    expect(system.files.map(({ path, owner }) => `${owner} ${path}`)).toEqual([
      "33:33 /opt/api/shared/data",
      "33:33 /opt/api/shared/tmp",
    ]);
    expect(backupTrees(system)).toMatchObject([{ name: "/opt/api/shared/data", sqlite: ["a.db"] }]);
  });

  it.each<[string, Partial<UnitSpec>, string]>([
    ["an absolute source", { source: "/srv/api" }, "units.api.source: must be a folder relative"],
    ["a pattern to exclude", { excludes: ["*.log"] }, "units.api.excludes: must be names"],
    ["a way out", { excludes: ["../x"] }, "units.api.excludes: must be names"],
    ["a folder of others", { folder: "/etc/api" }, "units.api.folder: must be a folder of its own"],
    ["the folder of backups", { folder: "/opt/backups" }, "units.api.folder: must be"],
    ["another runtime", { runtime: "node" as "none" }, "units.api.runtime: must be one of"],
    ["an option for a package", { packages: ["-y"] }, "units.api.packages: must be names"],
    ["no command", { command: [] }, "units.api.command: must start with a program"],
    ["a command that systemd would run as root", { command: ["+/bin/sh"] }, "units.api.command: must start"],
    ["a line break", { command: ["sh", "-c", "a\nb"] }, "units.api.command: must hold no control"],
    ["root", { user: "root", uid: 500 }, "units.api.user: must be an account other than root"],
    ["a user without a number", { user: "api" }, "units.api.uid: must be a whole number"],
    ["another number for www-data", { uid: 34 }, "units.api.uid: must be 33"],
    ["a variable with a dash", { environment: { "A-B": "1" } }, "units.api.environment: must be named"],
    ["a secret that nobody makes", { secrets: ["TOKEN"] }, "units.api.secrets: must name secrets"],
    ["a name for another's secret", { secretsAs: { KEY: "K" } }, "units.api.secretsAs.KEY: must be one of"],
    [
      "a secret's name with a dash",
      { secrets: ["KEY"], secretsAs: { KEY: "A-B" } },
      "units.api.secretsAs.KEY: must be named in letters",
    ],
    [
      "a secret's name that is taken",
      { secrets: ["KEY", "OTHER"], secretsAs: { KEY: "OTHER" } },
      "units.api.secretsAs.KEY: must differ",
    ],
    ["a port of root's", { port: 80 }, "units.api.port: must be a whole number from 1024"],
    ["a health path without /", { healthPath: "up" }, "units.api.healthPath: must be a path"],
    ["no time to start", { startSeconds: 0 }, "units.api.startSeconds: must be a whole number"],
    ["another restart rule", { restart: "no" as "always" }, "units.api.restart: must be one of"],
    ["a deep directory", { writable: { "a/b": {} } }, 'units.api.writable["a/b"]: must be one directory'],
    [
      "a directory's bad mode",
      { writable: { data: { mode: "0777" } } },
      'units.api.writable["data"].mode: must',
    ],
  ])("refuse %s", (_, unit, fault) => {
    expect(faultsOf(unit)).toContainEqual(expect.stringContaining(fault));
  });

  it("refuse a route to another port, a name that is taken, and a port or folder twice, all at once", () => {
    const faults = faultsOf(
      {},
      {
        units: { api: API, web: { ...API, folder: "/opt/api" }, ssh: { ...API, port: 9 } },
        sites: [{ hostname: "@", routes: { "/": "api:9000" } }],
      },
    ).join("\n");
    expect(faults).toContain("must route to the unit's own port 8000, got 9000");
    expect(faults).toContain("units.ssh: must leave the names");
    expect(faults).toContain("units.web.port: must differ from that of units.api");
    expect(faults).toContain("units.web.folder: must differ from that of units.api");
    expect(faults).toContain("units.ssh.port: must be");
  });

  it("are what the proxy asks by their socket, with either program", () => {
    const { sites } = defineSystem(spec());
    const input = { sites, domain: "example.org", edgeCidrs: ["192.0.2.0/24"] };
    expect(renderCaddyfile(input)).toContain("to unix//run/homeport-units/api.sock\n");
    expect(renderNginx(input)).toContain("default unix:/run/homeport-units/api.sock;");
  });
});

describe("a unit's files", () => {
  it("take the program from the release, quote words for systemd, and name no secret", () => {
    const changes = { secrets: { TOKEN: { kind: "generated", length: 32, alphabet: "hex" } } } as const;
    const [unit] = defineSystem(spec({ secrets: ["TOKEN"], beforeStart: ["bundle", "a$b"] }, changes)).units;
    const text = renderService(unit!, "shop");
    expect(text).toContain('ExecStart=/opt/api/current/bin/api "--log" "100%%"\n');
    expect(text).toContain('ExecStartPre=bundle "a$$b"\n');
    expect(text).not.toContain("TOKEN");
  });

  it("hold an environment that a shell reads as it was meant", () => {
    const values = { A: `it's "one" \\ two $HOME \`id\``, B: "two\nlines", C: "" };
    const text = renderEnvironment(values);
    const read = execFileSync("sh", ["-c", `${text}\nprintf '%s|' "$A" "$B" "$C"`], { encoding: "utf8" });
    expect(read).toBe(`${Object.values(values).join("|")}|`);
  });
});

describe("a unit's code", () => {
  let project: string;

  beforeEach(() => {
    project = mkdtempSync(join(tmpdir(), "homeport-code-"));
    for (const folder of ["api/.git", "api/data", "api/lib/node_modules", "api/lib/__pycache__"])
      mkdirSync(join(project, folder), { recursive: true });
    for (const file of [".env", ".env.local", ".secrets.json", ".git/HEAD", "data/a.db", "lib/.secrets.json"])
      writeFileSync(join(project, "api", file), "secret");
    for (const file of ["lib/a.py", "lib/node_modules/x.js", "lib/__pycache__/a.pyc", ".env.py.md", "run"])
      writeFileSync(join(project, "api", file), file);
    chmodSync(join(project, "api", "run"), 0o755);
  });
  afterEach(() => rmSync(project, { recursive: true }));

  const read = (salt = "") => readCodeTree("units.api", "api", ["data", "node_modules"], salt, project);

  it("leaves secrets, history and what is excluded behind, wherever they lie", () => {
    const paths = read()
      .manifest.trimEnd()
      .split("\n")
      .map((line) => line.split(" ").slice(1).join(" "));
    expect(paths).toEqual(["640 lib/a.py", "750 run"]);
  });

  it("is another release when a file, a mode or the way of installing differs, and only then", () => {
    const first = read().release;
    writeFileSync(join(project, "api", ".env"), "another");
    expect(read().release).toBe(first);
    expect(read("other").release).not.toBe(first);
    chmodSync(join(project, "api", "lib", "a.py"), 0o755);
    expect(read().release).not.toBe(first);
  });

  it("is refused with every link at once, and when it is not there", () => {
    symlinkSync("/etc/passwd", join(project, "api", "one"));
    symlinkSync("a.py", join(project, "api", "lib", "two"));
    expect(() => read()).toThrow(/got lib\/two.*[^]*got one/);
    expect(() => readCodeTree("units.api", "nowhere", [], "", project)).toThrow(/must be a folder beside/);
  });
});
