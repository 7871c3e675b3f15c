import { BlockList, isIP } from "node:net";
import type { Expression, Index, Member, Right } from "./ast";
import { regex, wildcard } from "./patterns";

export type Value =
  string | number | boolean | readonly string[] | Readonly<Record<string, readonly string[]>>;

/** What the fields are worth for a request; undefined where the request has no such thing. */
export type Fields = (name: string) => Value | undefined;

/** Whether a condition holds. A missing value makes its comparison false, as Cloudflare has it. */
export function holds(expression: Expression, fields: Fields): boolean {
  return evaluate(expression, fields) === true;
}

/** The text that a redirect's target is. */
export function textOf(expression: Expression, fields: Fields): string {
  return str(evaluate(expression, fields) ?? "");
}

function evaluate(expression: Expression, fields: Fields): Value | undefined {
  switch (expression.kind) {
    case "string":
    case "number":
    case "boolean":
      return expression.value;
    case "field":
      return expression.index.reduce(member, fields(expression.name));
    case "call":
      return call(expression, fields);
    case "compare":
      return compare(expression, evaluate(expression.left, fields));
    case "in":
      return isIn(expression.set, evaluate(expression.left, fields));
    case "not":
      return !holds(expression.of, fields);
    case "logic":
      return logic(expression, fields);
  }
}

function member(value: Value | undefined, index: Index): Value | undefined {
  if (typeof value !== "object") return undefined;
  if (Array.isArray(value)) return (value as readonly string[])[Number(index)];
  return (value as Readonly<Record<string, readonly string[]>>)[String(index).toLowerCase()];
}

function logic({ operator, all }: Expression & { kind: "logic" }, fields: Fields): boolean {
  if (operator === "and") return all.every((one) => holds(one, fields));
  if (operator === "or") return all.some((one) => holds(one, fields));
  return all.filter((one) => holds(one, fields)).length % 2 === 1;
}

function call({ name, arguments: all }: Expression & { kind: "call" }, fields: Fields): Value | undefined {
  const [first] = all;
  if ((name === "any" || name === "all") && first) return quantify(name, first, fields);
  const values = all.map((one) => evaluate(one, fields));
  if (values.includes(undefined)) return name === "concat" ? values.map(str).join("") : undefined;
  return FUNCTIONS[name]?.(...(values as Value[]));
}

/** The comparison for each value of the list below it. No value: `any` is false, `all` is true. */
function quantify(name: string, comparison: Expression, fields: Fields): boolean {
  const list = listOf(comparison, fields);
  const test = (value: string): boolean => holds(withEach(comparison, value), fields);
  return name === "any" ? list.some(test) : list.every(test);
}

function listOf(expression: Expression, fields: Fields): readonly string[] {
  if (expression.kind === "field") {
    const at = expression.index.indexOf(null);
    if (at < 0) return [];
    const value = expression.index.slice(0, at).reduce(member, fields(expression.name));
    return Array.isArray(value) ? (value as string[]) : [];
  }
  if (expression.kind === "call") {
    return expression.arguments.map((one) => listOf(one, fields)).find((list) => list.length > 0) ?? [];
  }
  return "left" in expression ? listOf(expression.left, fields) : [];
}

/** The expression with one value in the place of `[*]`. */
function withEach(expression: Expression, value: string): Expression {
  if (expression.kind === "field")
    return expression.index.includes(null) ? { kind: "string", value } : expression;
  if (expression.kind === "call") {
    return { ...expression, arguments: expression.arguments.map((one) => withEach(one, value)) };
  }
  return "left" in expression ? { ...expression, left: withEach(expression.left, value) } : expression;
}

function compare({ operator, right }: Expression & { kind: "compare" }, left: Value | undefined): boolean {
  if (left === undefined) return operator === "ne";
  const text = str(left);
  switch (operator) {
    case "contains":
      return text.includes(str(right.value));
    case "matches":
      return regex(str(right.value)).test(text);
    case "wildcard":
      return wildcard(str(right.value), false).test(text);
    case "strict wildcard":
      return wildcard(str(right.value), true).test(text);
    default:
      return { eq: [0], ne: [-1, 1], lt: [-1], le: [-1, 0], gt: [1], ge: [0, 1] }[operator].includes(
        order(left, right),
      );
  }
}

function order(left: Value, right: Right): number {
  if (right.kind === "number") return Math.sign(Number(left) - right.value);
  const [a, b] = [str(left), right.value].map((text) =>
    Buffer.from(right.kind === "ip" ? addressKey(text) : text),
  );
  return a && b ? Buffer.compare(a, b) : 0;
}

/** Addresses as text that sorts as they do: IPv4 before IPv6. */
function addressKey(address: string): string {
  if (isIP(address) === 4)
    return `4${address
      .split(".")
      .map((part) => part.padStart(3, "0"))
      .join("")}`;
  const [head = "", tail] = address.toLowerCase().split("::");
  const groups = (text: string | undefined): string[] => (text ? text.split(":") : []);
  const [before, after] = [groups(head), groups(tail)];
  const middle = Array<string>(Math.max(0, 8 - before.length - after.length)).fill("0");
  return `6${[...before, ...middle, ...after].map((group) => group.padStart(4, "0")).join("")}`;
}

function isIn(set: readonly Member[], left: Value | undefined): boolean {
  if (left === undefined) return false;
  return set.some((one) => {
    if (one.kind === "range") return Number(left) >= one.from && Number(left) <= one.to;
    return one.kind === "ip" ? isWithin(one.value, str(left)) : one.value === left;
  });
}

function isWithin(range: string, address: string): boolean {
  const [base = "", bits] = range.split("/");
  if (isIP(base) !== isIP(address) || isIP(base) === 0) return false;
  const family = isIP(base) === 4 ? "ipv4" : "ipv6";
  const list = new BlockList();
  list.addSubnet(base, Number(bits ?? (family === "ipv4" ? 32 : 128)), family);
  return list.check(address, family);
}

const FUNCTIONS: Readonly<Record<string, (...all: Value[]) => Value>> = {
  concat: (...all) => all.map(str).join(""),
  ends_with: (text, end) => str(text).endsWith(str(end)),
  // bytes, as the documents say
  len: (value) => (Array.isArray(value) ? value.length : Buffer.byteLength(str(value))),
  lower: (text) => str(text).replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  upper: (text) => str(text).replaceAll(/[a-z]+/g, (letters) => letters.toUpperCase()),
  regex_replace: (text, pattern, by) => str(text).replace(regex(str(pattern)), filled(str(by))),
  starts_with: (text, start) => str(text).startsWith(str(start)),
  substring: (text, from, to) =>
    Buffer.from(str(text))
      .subarray(Number(from), to as number | undefined)
      .toString(),
  to_string: str,
  url_decode: (text) => decoded(str(text).replaceAll("+", " ")),
  wildcard_replace: (text, pattern, by, flags) =>
    str(text).replace(wildcard(str(pattern), flags === "s"), filled(str(by))),
};

/** `${1}` is the first group; `$` means nothing else. */
function filled(by: string): (...match: unknown[]) => string {
  return (...match) =>
    by.replaceAll(/\$\{(\d)\}/g, (_, place: string) => {
      const group = match[Number(place)];
      return typeof group === "string" ? group : "";
    });
}

function decoded(text: string): string {
  return text.replaceAll(/(?:%[0-9a-fA-F]{2})+/g, (bytes) =>
    Buffer.from(bytes.replaceAll("%", ""), "hex").toString(),
  );
}

// Only single values are compared; the checker lets no list or map come here.
function str(value: Value | undefined): string {
  return typeof value === "object" ? "" : String(value ?? "");
}
