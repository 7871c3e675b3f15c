import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { projectFiles, systemTs } from "../../cli/new/files";
import { packagesFor, writeNewFiles } from "../../cli/new/write";
import type { System } from "../../components/lib/system";

const ROOT = join(__dirname, "..", "..");
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "homeport-new-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function homeport(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const cli = join(ROOT, "cli", "homeport.js");
  return spawnSync("node", [cli, ...args], { cwd: folder, encoding: "utf8" });
}

describe("homeport new", () => {
  it("writes a project that type-checks and whose system has no fault", () => {
    writeNewFiles(folder, projectFiles({ name: "web-shop", ...packagesFor(folder) }));
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));

    const { scripts } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      scripts: { check: string };
    };
    const [, ...args] = scripts.check.split(" ");
    execFileSync(join(ROOT, "node_modules", ".bin", "tsc"), args, { cwd: folder, stdio: "pipe" });
    const load =
      'require("tsx/cjs/api").register(); console.log(JSON.stringify(require("./system.ts").system))';
    const system = JSON.parse(
      execFileSync("node", ["-e", load], { cwd: folder, encoding: "utf8" }),
    ) as System;
    expect([system.name, Object.keys(system.services)]).toEqual(["web-shop", ["db", "web"]]);
  }, 180_000);

  it("names images for each service and the proxy, for production and the local cloud", () => {
    const files = projectFiles({ name: "shop", domain: "web-shop.com", ...packagesFor(folder) });
    for (const file of ["Pulumi.prod.yaml", "local.yaml"]) {
      const { config } = parse(files[file] ?? "") as { config: Record<string, unknown> };
      expect(Object.keys(config["homeport:images"] as object).sort()).toEqual(["db", "proxy", "web"]);
      expect(config["homeport:domain"]).toBe("web-shop.com");
    }
  });

  it("leaves the domain of production to homeport init where none is given", () => {
    expect(projectFiles({ name: "shop", ...packagesFor(folder) })["Pulumi.prod.yaml"]).not.toContain(
      "domain",
    );
  });

  it("takes exact versions, and Homeport by its path", () => {
    const { homeport: own, versions } = packagesFor(folder);
    expect(own).toMatch(/^file:\.\.\//);
    expect(Object.values(versions).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it("has a role that Postgres lets one have, whatever the name", () => {
    for (const name of ["pg-admin", "postgres", "user"])
      expect(systemTs(name)).toContain('POSTGRES_USER: "app"');
  });

  it("tells as JSON what it wrote, progress apart, and never overwrites", () => {
    const first = homeport("new", "shop", "--json");
    const files = readdirSync(join(folder, "shop")).sort();
    expect(JSON.parse(first.stdout)).toMatchObject({ ok: true, folder: join(folder, "shop") });
    expect((JSON.parse(first.stdout) as { files: string[] }).files.sort()).toEqual(files);

    rmSync(join(folder, "shop", "Pulumi.yaml"));
    writeFileSync(join(folder, "shop", "system.ts"), "mine");
    const second = homeport("new", "shop");
    expect(second.status).toBe(3);
    expect(second.stderr).toContain(`${join(folder, "shop", "system.ts")}: must not be there yet`);
    expect(readFileSync(join(folder, "shop", "system.ts"), "utf8")).toBe("mine");
    expect(readdirSync(join(folder, "shop"))).not.toContain("Pulumi.yaml");
  }, 60_000);

  it("refuses a name or a domain that cannot be one, both at once", () => {
    const { status, stderr } = homeport("new", "../Shop", "--domain", "https://x");
    expect([status, stderr.split("\n").filter((line) => line.startsWith("homeport:"))]).toEqual([
      2,
      [expect.stringContaining("NAME: must"), expect.stringContaining("--domain: must")],
    ]);
    expect(readdirSync(folder)).toEqual([]);
  }, 60_000);
});
