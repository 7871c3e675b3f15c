import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { check, constantFrom, integer, property, string } from "fast-check";
import { format } from "prettier";
import { afterAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { importCompose, type Imported } from "../../cli/import/compose";
import { readVariables } from "../../cli/import/environment";
import { interpolate } from "../../cli/import/interpolate";
import { formatPath } from "../../cli/import/ledger";
import { printSystem } from "../../cli/import/print";
import { bytes, seconds, words } from "../../cli/import/values";
import { systemTs } from "../../cli/new/files";
import { defineSystem } from "../../components/lib/system";
import { systemFaults } from "../../components/lib/system-rules";

const GOLDEN = join(__dirname, "..", "golden", "compose");
const SYSTEMS = ["rails", "fastapi", "front-and-server", "cleaning", "twenty"];
const ROOT = join(__dirname, "..", "..");

function imported(text: string, rest: Partial<Parameters<typeof importCompose>[0]> = {}): Imported {
  return importCompose({ text, folder: "/srv/shop", variables: {}, profiles: [], ...rest });
}

function goldenImport(name: string): Imported {
  const folder = join(GOLDEN, name);
  const env = join(folder, "env");
  const variables = existsSync(env) ? readVariables(env) : {};
  return imported(readFileSync(join(folder, "compose.yaml"), "utf8"), { folder, variables });
}

function remark(result: Imported, path: string): string | undefined {
  return result.remarks.find((each) => each.path === path)?.reason;
}

describe.each(SYSTEMS)("the compose file %s", (name) => {
  const { spec, remarks } = goldenImport(name);
  const text = printSystem(spec, "compose.yaml");

  it("becomes the system and the list that are kept beside it", async () => {
    const list = remarks.map(({ kind, path, reason }) => `${kind} ${path}: ${reason}\n`).join("");
    await expect(text).toMatchFileSnapshot(join(GOLDEN, name, "system.ts"));
    await expect(list).toMatchFileSnapshot(join(GOLDEN, name, "remarks.txt"));
  });

  it("is printed as Prettier prints it", async () => {
    expect(await format(text, { parser: "typescript", printWidth: 110 })).toBe(text);
  });

  it("shows no secret, neither in the system nor in the list", () => {
    const secret = /hunter2|correct-horse|sk_test_short|Zm9vYmFyYmF6cXV4/;
    expect(text).not.toMatch(secret);
    expect(JSON.stringify(remarks)).not.toMatch(secret);
  });

  it("keeps the rules, or says which it breaks", () => {
    const faults = systemFaults(spec).map(({ path }) => path);
    expect(faults).toEqual(name === "fastapi" ? ["services.api"] : []);
    if (faults.length === 0) expect(defineSystem(spec).name).toBe(spec.name);
  });
});

/** Every place of a compose file where a map has keys of Compose's own, and not the user's. */
function places(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [];
  const isFree = ["environment", "x-app", "x-platform"].includes(String(path.at(-1))) || path.length === 0;
  const inner = Object.entries(value).flatMap(([key, each]) =>
    places(each, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return Array.isArray(value) || (isFree && path.length > 0) ? inner : [path, ...inner];
}

describe("what an import cannot carry over", () => {
  it("is told wherever it stands: a key that nobody knows is never lost", () => {
    const files = SYSTEMS.map((name) => {
      const text = readFileSync(join(GOLDEN, name, "compose.yaml"), "utf8");
      return parse(text, { merge: true }) as object;
    });
    const key = string({ unit: constantFrom("a", "b", "c", "_"), minLength: 3, maxLength: 9 }).map(
      (each) => `zz${each}`,
    );
    const run = property(constantFrom(...files), integer({ min: 0, max: 10_000 }), key, (file, at, name) => {
      const copy = structuredClone(file);
      const all = places(copy).filter((path) => !String(path[0]).startsWith("x-"));
      const place = all[at % all.length] ?? [];
      const target = place.reduce<unknown>((value, part) => Reflect.get(value as object, part), copy);
      // a map of services is made of services, so there it is a service that says nothing
      Reflect.set(target as object, name, "planted");
      const { remarks } = imported(stringify(copy));
      const own = formatPath([...place, name]);
      const isTold = remarks.some(
        ({ path, kind }) =>
          kind === "left out" && (own === path || own.startsWith(`${path}.`) || own.startsWith(`${path}[`)),
      );
      return isTold;
    });
    expect(check(run, { numRuns: 300 })).toMatchObject({ failed: false, counterexample: null });
  }, 60_000);

  it("is a database's port that is open to everyone, in every form", () => {
    const ports = [
      "5432:5432",
      "0.0.0.0:5432:5432",
      "5432",
      { target: 5432, published: 5432 },
      "15432:5432/tcp",
    ];
    const result = imported(stringify({ services: { db: { image: "postgres:17", ports } } }));
    ports.forEach((_, at) =>
      expect(remark(result, `services.db.ports[${at}]`)).toContain("open to everyone"),
    );
    expect([result.spec.services.db?.ports, result.spec.sites]).toEqual([undefined, []]);
  });

  it("is a file that is no compose file: told, with the line", () => {
    expect(() => imported("services: [")).toThrow(/compose file, line 1: must be YAML/);
    expect(() => imported("hello: world")).toThrow(/must have services/);
  });
});

describe("secrets of a compose file", () => {
  const text = stringify({
    services: {
      web: {
        image: "shop:1",
        environment: {
          API_TOKEN: "shown-nowhere-1",
          DATABASE_URL: "mysql://root:shown-nowhere-2@db/shop",
          PLAIN: "${ASKED}",
          WITH_DEFAULT: "${UNSET:-fine}",
          WEIRD: "${UNSET:-${DEEP_TOKEN}}",
          SECRET_TTL: "60",
          USE_SECRET: "true",
        },
        command: "serve --password shown-nowhere-4 --port 80",
        entrypoint: ["sh", "-c", "redis-cli -a shown-nowhere-1"],
      },
    },
  });
  const variables = { ASKED: "shown-nowhere-3", DEEP_TOKEN: "shown-nowhere-5" };
  const result = imported(text, { variables });

  it("are those that look like one, and what the file leaves to somebody", () => {
    expect(Object.keys(result.spec.secrets ?? {})).toEqual(["API_TOKEN", "DATABASE_URL", "PLAIN", "WEIRD"]);
    expect(result.spec.services.web?.environment).toEqual({
      ...{ WITH_DEFAULT: "fine", SECRET_TTL: "60", USE_SECRET: "true" },
    });
  });

  it("are written nowhere, nor in a command line", () => {
    expect(JSON.stringify(result)).not.toContain("shown-nowhere");
    expect(remark(result, "services.web.command")).toContain("shows a secret");
    expect(remark(result, "services.web.entrypoint")).toContain("shows a secret");
  });

  it("have one value: another one of the same name is left out", () => {
    const service = (value: string): object => ({ image: "shop:1", environment: { API_KEY: value } });
    const two = imported(stringify({ services: { a: service("one"), b: service("two") } }));
    expect(remark(two, "services.b.environment.API_KEY")).toContain("another value in services.a");
  });
});

describe("Compose's own forms", () => {
  it("fills in variables as Compose does", () => {
    const variables = { SET: "set", EMPTY: "" };
    const cases: Record<string, string> = {
      "$SET-${SET}": "set-set",
      "${EMPTY:-d}|${EMPTY-d}|${NONE-d}": "d||d",
      "${NONE:-${ALSO:-deep}}x": "deepx",
      "${SET:+yes}|${EMPTY:+yes}|${EMPTY+yes}": "yes||yes",
      "$$SET $ {": "$SET $ {",
      "${NONE}|${NONE:?why}|${SET?why}": "||set",
      "${open": "${open",
    };
    for (const [template, text] of Object.entries(cases))
      expect([template, interpolate(template, variables).text]).toEqual([template, text]);
  });

  it("splits a command line, and reads durations and sizes", () => {
    expect(words(`a 'b c' "d \\"e\\" \\n" f\\ g ""`)).toEqual(["a", "b c", 'd "e" \\n', "f g", ""]);
    expect(words("a 'b")).toBeUndefined();
    expect(["1m30s", "500ms", "2h", "5"].map(seconds)).toEqual([90, 0.5, 7200, undefined]);
    expect(["512m", "1.5GB", "1024", "2kb", "x"].map(bytes)).toEqual([
      2 ** 29,
      1.5 * 2 ** 30,
      1024,
      2048,
      undefined,
    ]);
  });

  it("takes services of a profile along when it is asked for", () => {
    const text = stringify({ services: { a: { image: "a:1" }, b: { image: "b:1", profiles: ["debug"] } } });
    expect(Object.keys(imported(text).spec.services)).toEqual(["a"]);
    expect(remark(imported(text), "services.b")).toContain("--profile debug");
    expect(Object.keys(imported(text, { profiles: ["debug"] }).spec.services)).toEqual(["a", "b"]);
  });
});

describe("homeport import", () => {
  const folder = mkdtempSync(join(tmpdir(), "homeport-import-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const homeport = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync("node", [join(ROOT, "cli", "homeport.js"), "import", ...args], {
      cwd: folder,
      encoding: "utf8",
    });

  it("replaces what homeport new wrote, under the project's name, and nothing else unless told to", () => {
    const file = join(GOLDEN, "front-and-server", "compose.yaml");
    writeFileSync(join(folder, "Pulumi.yaml"), "name: shop\n");
    writeFileSync(join(folder, "system.ts"), systemTs("shop"));
    const first = homeport(file, "--json");
    const report = JSON.parse(first.stdout) as { ok: boolean; secrets: string[]; remarks: object[] };
    expect([first.status, report.ok, report.secrets.includes("APP_SECRET")]).toEqual([0, true, true]);
    expect(readFileSync(join(folder, "system.ts"), "utf8")).toContain('name: "shop"');

    expect(homeport(file)).toMatchObject({ status: 3 });
    expect(homeport(file, "--force")).toMatchObject({ status: 0 });
  }, 60_000);

  it("ends with 1 where the system breaks a rule, and names the rule", () => {
    const { status, stderr } = homeport(join(GOLDEN, "fastapi", "compose.yaml"), "--output", "two.ts");
    expect(status).toBe(1);
    expect(stderr).toContain("services.api: must give entrypoint and command");
    expect(existsSync(join(folder, basename("two.ts")))).toBe(true);
  }, 60_000);
});
