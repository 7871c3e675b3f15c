import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fileValues, renderEnvironmentFile, unwritable } from "../../components/lib/environment-file";
import { COMPOSE_READER, ensureGoProgram, goProgram } from "../../local-cloud/toolchain/go-program";

type Values = Readonly<Record<string, string>>;

const folder = mkdtempSync(join(tmpdir(), "homeport-env-"));
const file = join(folder, "shop.env");
const compose = (): string => goProgram(COMPOSE_READER);

/** What has a meaning for one of the two readers, more often than other text. */
const PIECES = [
  ...[
    "'",
    '"',
    "\\",
    "$",
    "`",
    "#",
    " #",
    "=",
    ":",
    "!",
    "*",
    "~",
    " ",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "\u00a0",
    "ü",
  ],
  ...[
    "${A}",
    "$A",
    "$$",
    "$(id)",
    "`id`",
    "\\n",
    "\\0101",
    "\\'",
    '\\"',
    "\\\\",
    "'\\''",
    '"""',
    "export A=b",
    "\ufeff",
  ],
];
const text = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: "grapheme", maxLength: 4 })), {
    maxLength: 8,
  })
  .map((parts) => parts.join(""));
const values = fc
  .array(text, { minLength: 1, maxLength: 40 })
  .map((all) =>
    Object.fromEntries(
      all.filter((each) => unwritable(each) === undefined).map((each, at) => [`K${at}`, each]),
    ),
  );

function asComposeReads(): { readonly env_file: Values; readonly option: Values } {
  return JSON.parse(execFileSync(compose(), [file], { encoding: "utf8" })) as ReturnType<
    typeof asComposeReads
  >;
}

function asShellReads(shell: string): Values {
  const env = { PATH: process.env.PATH ?? "" };
  const out = execFileSync(shell, ["-c", 'set -a; . "$0"; exec env -0', file], {
    ...{ encoding: "utf8", env, stdio: ["ignore", "pipe", "pipe"] },
  });
  const pairs = out.split("\0").map((line) => /^(K\d+)=([^]*)$/.exec(line));
  return Object.fromEntries(
    pairs.flatMap((pair) => (pair === null ? [] : [[pair[1] ?? "", pair[2] ?? ""] as const])),
  );
}

beforeAll(async () => ensureGoProgram(COMPOSE_READER, () => undefined), 600_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe("an environment file", () => {
  it("reads the same for Compose's own parser and for shells, whatever the values (S3-8)", () => {
    fc.assert(
      fc.property(values, (given) => {
        writeFileSync(file, renderEnvironmentFile(given));
        expect(asComposeReads()).toEqual({ env_file: given, option: given });
        for (const shell of ["sh", "bash"]) expect(asShellReads(shell)).toEqual(given);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    [
      "JSON",
      `["https://a.example", "https://b.example"]`,
      `K0='["https://a.example", "https://b.example"]'\n`,
    ],
    ["a space, a comment sign and a dollar", "a #b $HOME", "K0='a #b $HOME'\n"],
    ["two lines", "a\nb", "K0='a\nb'\n"],
    ["a quote", `it's "$5"`, `K0="it's \\"\\$5\\""\n`],
    ["a backslash at the end", "C:\\", 'K0="C:\\\\"\n'],
    ["two of them", "C:\\\\", "K0='C:\\\\'\n"],
    ["nothing", "", "K0=''\n"],
  ])("has %s", (_, value, wanted) => {
    expect(renderEnvironmentFile({ K0: value })).toBe(wanted);
    writeFileSync(file, wanted);
    expect(asComposeReads().env_file).toEqual({ K0: value });
    expect(asShellReads("sh")).toEqual({ K0: value });
  });

  it.each(["it's `id`", "`id`\\", "'`", "a\0b"])(
    "refuses %j, which the two would read differently",
    (value) => {
      expect(unwritable(value)).toMatch(/^hold no /);
      expect(() => renderEnvironmentFile({ SHOP_NAME: value })).toThrow(/^SHOP_NAME: must hold no /);
    },
  );

  it.each([`"it's \\\`id\\\`"`, `"it's \`id\`"`, `it\\'s\\ \\\`id\\\``])(
    "and rightly so: %s is not read alike",
    (quoted) => {
      writeFileSync(file, `K0=${quoted}\n`);
      expect(asComposeReads().env_file).not.toEqual(asShellReads("sh"));
    },
  );

  it("takes variables and secrets from where the containers have them", () => {
    const shared = { path: "/etc/shop/shop.env", services: ["api", "jobs"], secrets: ["TOKEN"] };
    const environment = { api: { A: "1" }, jobs: { A: "1", B: "2" }, web: { C: "3" } };
    expect(fileValues(shared, environment, { TOKEN: "t", OTHER: "o" })).toEqual({
      A: "1",
      B: "2",
      TOKEN: "t",
    });
  });
});
