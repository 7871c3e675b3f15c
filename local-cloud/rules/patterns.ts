/** What Rust's regular expressions, which Cloudflare's are, do not have, and what JavaScript's do not. */
const NOT_COMMON = /\(\?(?!:|P?<[A-Za-z_])|\\[1-9k]|\\[zAQECG]|\[\[:/;

/** A regular expression of the Rules language; a leading `(?i)` makes it blind to case. Throws for what both sides do not share. */
export function regex(pattern: string, flags = ""): RegExp {
  const blind = pattern.startsWith("(?i)");
  const rest = (blind ? pattern.slice(4) : pattern).replaceAll("(?P<", "(?<");
  if (NOT_COMMON.test(rest)) throw new Error("lookaround, backreferences and flags inside are not supported");
  return new RegExp(rest, `su${blind ? "i" : ""}${flags}`);
}

/** `*` stands for any text; `\*` for itself, `\\` for a backslash. The whole value has to match. */
export function wildcard(pattern: string, isStrict: boolean): RegExp {
  if (/\*\*/.test(pattern.replaceAll(/\\[*\\]/g, ""))) throw new Error("** is not allowed in a wildcard");
  const parts = pattern.match(/\\[*\\]|\*|[^*\\]+|\\/g) ?? [];
  const source = parts.map((part) => (part === "*" ? "(.*?)" : escaped(part.replace(/^\\([*\\])$/, "$1"))));
  return new RegExp(`^${source.join("")}$`, isStrict ? "s" : "si");
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}
