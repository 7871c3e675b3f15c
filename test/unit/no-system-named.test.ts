import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(__dirname, "..", "..");
/** What every system shares. */
const SHARED = ["components", "cli", "scripts/remote", "scripts/files", "scripts/guarded-step.sh"];
/** A system by its own name, as it writes it in SQL, or by its domain. */
const SYSTEMS = [
  ...readdirSync(join(ROOT, "systems")).map((file) => basename(file, ".ts")),
  ...readdirSync(join(ROOT, "examples")),
];
const DOMAINS = readdirSync(join(ROOT, "local-cloud", "stacks")).map((file) => {
  const text = readFileSync(join(ROOT, "local-cloud", "stacks", file), "utf8");
  return /homeport:domain: (\S+)/.exec(text)?.[1] ?? "";
});

function filesOf(path: string): string[] {
  if (/\.[a-z]+$/.test(path)) return [path];
  const entries = readdirSync(join(ROOT, path), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1));
}

function linesNaming(pattern: RegExp): string[] {
  return SHARED.flatMap(filesOf).flatMap((file) =>
    readFileSync(join(ROOT, file), "utf8")
      .split("\n")
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
  );
}

describe("what every system shares", () => {
  it.each(SYSTEMS)("names %s in no line", (system) => {
    const spelt = system.replaceAll("-", "[-_ ]?");
    expect(linesNaming(new RegExp(`\\b${spelt}(?:\\b|_)`, "i"))).toEqual([]);
  });

  it.each(DOMAINS)("names the domain %s in no line", (domain) => {
    expect(domain).not.toBe("");
    expect(linesNaming(new RegExp(domain.replaceAll(".", "\\."), "i"))).toEqual([]);
  });

  it("is looked at: a word that stands there is found", () => {
    expect(linesNaming(/defineSystem\(/).length).toBeGreaterThan(0);
    expect(linesNaming(/pg_restore|psql/).length).toBeGreaterThan(0);
  });
});
