import { fault, okList, type Envelope } from "./envelope";

export type Query = Readonly<Record<string, string | string[] | undefined>>;

/** The last value of a parameter, or undefined where it is missing or empty. */
export function param(query: Query, name: string): string | undefined {
  const value = query[name];
  const last = Array.isArray(value) ? value.at(-1) : value;
  return last === "" ? undefined : last;
}

export interface PageLimits {
  readonly perPage: number;
  readonly min: number;
  readonly max: number;
}

/** One page of a list, with `result_info`; a page outside the limits is refused. */
export function page(items: readonly unknown[], query: Query, limits: PageLimits): Envelope {
  const number = whole(query, "page", 1, 1, Number.MAX_SAFE_INTEGER);
  const perPage = whole(query, "per_page", limits.perPage, limits.min, limits.max);
  const part = items.slice((number - 1) * perPage, number * perPage);
  return okList(part, {
    page: number,
    per_page: perPage,
    count: part.length,
    total_count: items.length,
    total_pages: Math.ceil(items.length / perPage),
  });
}

function whole(query: Query, name: string, fallback: number, min: number, max: number): number {
  const text = param(query, name);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw fault(400, 6003, `Invalid request parameters: ${name} must be between ${min} and ${max}`);
}

export type Test<T> = (item: T) => boolean;

/** Joins the filters of a request: `match=any` wants one of them, the default all. */
export function matching<T>(items: readonly T[], tests: readonly Test<T>[], query: Query): T[] {
  if (tests.length === 0) return [...items];
  const any = param(query, "match") === "any";
  return items.filter((item) => (any ? tests.some((test) => test(item)) : tests.every((test) => test(item))));
}

type Sortable = string | number | boolean | undefined;

/** Sorts by the value under `order`, stable, `direction=desc` the other way round. */
export function ordered<T>(items: readonly T[], query: Query, value: (item: T, by: string) => Sortable): T[] {
  const by = param(query, "order");
  if (by === undefined) return [...items];
  const sign = param(query, "direction") === "desc" ? -1 : 1;
  return [...items].sort((a, b) => {
    const [left, right] = [value(a, by) ?? "", value(b, by) ?? ""];
    if (typeof left === "number" && typeof right === "number") return sign * (left - right);
    return sign * String(left).localeCompare(String(right), "en");
  });
}

/**
 * `name`, `name.exact`, `name.contains`, `name.startswith` and `name.endswith` (the DNS filters' spelling),
 * none of them caring about case.
 */
export function textTests<T>(query: Query, field: string, value: (item: T) => string): Test<T>[] {
  const tests: Record<string, (text: string, wanted: string) => boolean> = {
    "": (text, wanted) => text === wanted,
    ".exact": (text, wanted) => text === wanted,
    ".contains": (text, wanted) => text.includes(wanted),
    ".startswith": (text, wanted) => text.startsWith(wanted),
    ".endswith": (text, wanted) => text.endsWith(wanted),
  };
  return Object.entries(tests).flatMap(([suffix, test]) => {
    const wanted = param(query, field + suffix)?.toLowerCase();
    return wanted === undefined ? [] : [(item: T) => test(value(item).toLowerCase(), wanted)];
  });
}

/** The zone and account filters' spelling: `example.com`, or `contains:example` and the like. */
export function operatorTest(text: string): Test<string> {
  const [, operator, rest] =
    /^(equal|not_equal|starts_with|ends_with|contains|starts_with_case_sensitive|ends_with_case_sensitive|contains_case_sensitive):(.*)$/s.exec(
      text,
    ) ?? [];
  const sensitive = operator?.endsWith("_case_sensitive") ?? false;
  const fold = (value: string): string => (sensitive ? value : value.toLowerCase());
  const wanted = fold(rest ?? text);
  return (value) => {
    const given = fold(value);
    switch (operator?.replace("_case_sensitive", "")) {
      case "not_equal":
        return given !== wanted;
      case "starts_with":
        return given.startsWith(wanted);
      case "ends_with":
        return given.endsWith(wanted);
      case "contains":
        return given.includes(wanted);
      default:
        return given === wanted;
    }
  };
}
