import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = join(__dirname, "..", "..");

const LETTERS = "aB3dE6gH".repeat(6);
// put together here: the scan of the repository reads this file as well
const PLANTED = {
  "token.ts": `export const token = "${["ghp", LETTERS.slice(0, 36)].join("_")}";`,
  "dsn.env": ["DATABASE_URL=postgres:", "//shop:Winter-is-coming-4@db/shop"].join(""),
  "mail.yaml": `key: ${["SG", LETTERS.slice(0, 22), LETTERS.slice(0, 43)].join(".")}`,
};

describe("npm run check's scan for secrets (S2-6)", () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "homeport-scan-"))));
  afterAll(() => rmSync(folder, { recursive: true }));

  function scan(name: string, text: string): { status: number | null; output: string } {
    const file = join(folder, name);
    writeFileSync(file, text);
    const args = ["--secretlintrc", ".secretlintrc.json", file];
    const { status, stdout } = spawnSync("node_modules/.bin/secretlint", args, {
      cwd: ROOT,
      encoding: "utf8",
    });
    return { status, output: stdout };
  }

  it.each(Object.entries(PLANTED))("is red for %s, and does not repeat the secret", (name, text) => {
    const { status, output } = scan(name, text);
    expect(status).toBe(1);
    expect(output).toContain(name);
    expect(output).not.toMatch(/Winter-is|aB3dE6gHaB3dE6gH/);
  });

  it("is green where a secret is only named", () => {
    expect(scan("named.ts", "export const url = process.env.DATABASE_URL;").status).toBe(0);
  });
});
