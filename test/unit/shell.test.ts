import { execFileSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shellQuote } from "../../components/lib/shell";

describe("shellQuote", () => {
  it("comes back unchanged through sh, whatever the text holds", () => {
    const word = fc.string({ unit: "binary", maxLength: 40 }).map((text) => text.replaceAll("\0", ""));
    const words = fc.array(
      fc.oneof(word, fc.constantFrom("'", "$(id)", "`id`", '"', "\\", "a\nb", "-n", "*", "")),
      {
        minLength: 1,
        maxLength: 20,
      },
    );
    fc.assert(
      fc.property(words, (texts) => {
        const script = `for word in ${texts.map(shellQuote).join(" ")}; do printf '%s\\001' "$word"; done`;
        const wanted = Buffer.from(texts.map((text) => `${text}\u0001`).join(""), "utf8");

        expect(execFileSync("sh", ["-s"], { input: script }).equals(wanted)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it("refuses NUL, which no argument can carry", () => {
    expect(() => shellQuote("a\0b")).toThrow("shell argument: must hold no NUL");
  });
});
