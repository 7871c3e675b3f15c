import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "vitest";

/** Compares with `test/golden/<name>`; `UPDATE_GOLDEN=1` writes it instead, for a person to read the difference. */
export function expectGolden(name: string, text: string): void {
  const file = join(__dirname, "..", "golden", name);
  if (process.env.UPDATE_GOLDEN === "1") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  expect(text).toBe(readFileSync(file, "utf8"));
}
