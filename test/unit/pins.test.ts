import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(__dirname, "..", "..");
const EXAMPLES = readdirSync(join(ROOT, "examples")).map((name) => `examples/${name}/package.json`);
const MANIFESTS = ["package.json", "local-cloud/package.json", ...EXAMPLES];
/** How an example names the package that it is an example of. */
const LINK = "file:../..";

interface Manifest {
  readonly version: string;
  readonly engines?: { readonly node: string };
  readonly workspaces?: readonly string[];
  readonly [kind: string]: unknown;
}

function manifest(file: string): Manifest {
  return JSON.parse(readFileSync(join(ROOT, file), "utf8")) as Manifest;
}

function dependencies(file: string): [string, string][] {
  const kinds = ["dependencies", "devDependencies", "optionalDependencies", "overrides"];
  const all = kinds.flatMap((kind) => Object.entries((manifest(file)[kind] ?? {}) as Record<string, string>));
  return all.filter(([, version]) => version !== LINK);
}

describe.each(MANIFESTS)("the versions in %s", (file) => {
  it("are exact, so that two machines run the same", () => {
    const all = dependencies(file);
    expect(all.length).toBeGreaterThan(0);
    expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it("are those in the lockfile and in node_modules", () => {
    const { packages } = manifest("package-lock.json") as unknown as {
      packages: Record<string, Manifest | undefined>;
    };
    const folder = file.slice(0, -"package.json".length);
    const wrong = dependencies(file).filter(([name, version]) => {
      const own = `${folder}node_modules/${name}`;
      const where = existsSync(join(ROOT, own)) ? own : `node_modules/${name}`;
      return packages[where]?.version !== version || manifest(`${where}/package.json`).version !== version;
    });
    expect(wrong).toEqual([]);
  });
});

describe("the pins that npm's `latest` would break", () => {
  const versions = Object.fromEntries(MANIFESTS.flatMap(dependencies));

  it.each([
    ["@pulumi/command", /^1\.2\.1$/, "4.5.0 is a stray publish that ignores host keys"],
    ["@pulumi/pulumi", /^3\.248\.0$/, "newer ones need Node 22"],
    ["typescript", /^5\.9\.\d+$/, "@pulumi/pulumi and typescript-eslint do not take 7 yet"],
  ])("%s stays at %s: %s", (name, version) => {
    expect(versions[name]).toMatch(version);
  });

  it("every workspace is looked at", () => {
    expect(manifest("package.json").workspaces).toEqual(["local-cloud", "examples/*"]);
  });

  it("an old Node is refused at install", () => {
    expect(manifest("package.json").engines?.node).toBe(">=20.19");
    expect(readFileSync(join(ROOT, ".npmrc"), "utf8")).toMatch(/^engine-strict\s*=\s*true$/m);
  });
});
