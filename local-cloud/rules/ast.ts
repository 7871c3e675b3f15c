/** A checked expression, free of positions: plain data, so that the API can hand it to the edge as JSON. */
export type Expression =
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "field"; readonly name: string; readonly index: readonly Index[] }
  | { readonly kind: "call"; readonly name: string; readonly arguments: readonly Expression[] }
  | {
      readonly kind: "compare";
      readonly operator: Comparison;
      readonly left: Expression;
      readonly right: Right;
    }
  | { readonly kind: "in"; readonly left: Expression; readonly set: readonly Member[] }
  | { readonly kind: "not"; readonly of: Expression }
  | { readonly kind: "logic"; readonly operator: Logic; readonly all: readonly Expression[] };

/** A member of a map by its name, of a list by its place; null is each of them, `[*]`. */
export type Index = string | number | null;

export const COMPARISONS = [
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
  "contains",
  "matches",
  "wildcard",
  "strict wildcard",
] as const;
export type Comparison = (typeof COMPARISONS)[number];

/** From the one that binds tightest. */
export const LOGIC = ["and", "xor", "or"] as const;
export type Logic = (typeof LOGIC)[number];

/** What a comparison has on its right: a literal. */
export type Right =
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "ip"; readonly value: string };

/** A member of `{…}`: a value, a range of numbers, an address or a CIDR (a single one is /32 or /128). */
export type Member = Right | { readonly kind: "range"; readonly from: number; readonly to: number };

/** Why an expression is refused, with the place in it. */
export class ExpressionError extends Error {
  /** In the words that Cloudflare's API uses: line and column, the text, and marks below the place. */
  readonly filterMessage: string;

  constructor(text: string, from: number, to: number, reason: string) {
    const before = text.slice(0, from).split("\n");
    const line = text.split("\n")[before.length - 1] ?? "";
    const column = (before.at(-1) ?? "").length;
    super(`${before.length}:${column + 1}: ${reason}`);
    const marks = "^".repeat(Math.max(1, Math.min(to - from, line.length - column)));
    this.filterMessage = `Filter parsing error (${before.length}:${column + 1}):\n${line}\n${" ".repeat(column)}${marks} ${reason}\n`;
  }
}
