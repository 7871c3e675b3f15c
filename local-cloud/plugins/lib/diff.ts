import { elementOf, childPath, DEFAULTS_KEY, tableOf, type Property, type PropertyTable } from "./schema";
import { hasUnknown, isObject, sameValue, type Properties } from "./values";

export interface Change {
  /** Path of the changed property, `connection.host` or `triggers[0]`. */
  readonly path: string;
  readonly kind: "add" | "delete" | "update";
  /** True if this change replaces the resource. */
  readonly replaces: boolean;
}

/** Every difference between two sets of plain inputs; a value not known yet counts as changed. */
export function diffInputs(table: PropertyTable, olds: Properties, news: Properties): Change[] {
  return diffObject(table, olds, news, "", false);
}

function diffObject(
  table: PropertyTable | undefined,
  olds: Properties,
  news: Properties,
  path: string,
  replaces: boolean,
): Change[] {
  const keys = new Set([...Object.keys(olds), ...Object.keys(news)]);
  keys.delete(DEFAULTS_KEY);
  return [...keys].flatMap((key) => {
    const property = table?.[key] ?? { type: "any" };
    const at = path === "" ? key : childPath(path, key);
    return diffValue(property, olds[key], news[key], at, replaces || property.replaces === true);
  });
}

function diffValue(
  property: Property,
  old: unknown,
  now: unknown,
  path: string,
  replaces: boolean,
): Change[] {
  if (old === undefined && now === undefined) return [];
  if (old === undefined) return [{ path, kind: "add", replaces }];
  if (now === undefined) return [{ path, kind: "delete", replaces }];
  if (!hasUnknown(now) && sameValue(old, now)) return [];
  return diffMembers(property, old, now, path, replaces) ?? [{ path, kind: "update", replaces }];
}

/** What changed inside of two lists or of two objects; undefined for values that have no members to compare. */
function diffMembers(
  { type }: Property,
  old: unknown,
  now: unknown,
  path: string,
  replaces: boolean,
): Change[] | undefined {
  if (Array.isArray(old) && Array.isArray(now)) {
    const element = elementOf(type) ?? { type: "any" };
    const diff = typeof type === "object" && "set" in type ? diffSet : diffList;
    return diff(element, old, now, path, replaces || element.replaces === true);
  }
  if (isObject(old) && isObject(now)) {
    return diffObject(tableOf(type), old, now, path, replaces);
  }
  return undefined;
}

function diffList(
  element: Property,
  old: unknown[],
  now: unknown[],
  path: string,
  replaces: boolean,
): Change[] {
  return Array.from({ length: Math.max(old.length, now.length) }).flatMap((_, i) =>
    diffValue(element, old[i], now[i], `${path}[${i}]`, replaces),
  );
}

/** Members that came and went, whatever their places. */
function diffSet(
  _element: Property,
  old: unknown[],
  now: unknown[],
  path: string,
  replaces: boolean,
): Change[] {
  const without = (some: unknown[], others: unknown[], kind: "add" | "delete"): Change[] =>
    some.flatMap((member, i) =>
      others.some((other) => sameValue(member, other)) ? [] : [{ path: `${path}[${i}]`, kind, replaces }],
    );
  const [gone, come] = [without(old, now, "delete"), without(now, old, "add")];
  const replaced = come
    .filter(({ path: at }) => gone.some((change) => change.path === at))
    .map(({ path: at }) => at);
  const updates = replaced.map((at): Change => ({ path: at, kind: "update", replaces }));
  return [...updates, ...[...gone, ...come].filter(({ path: at }) => !replaced.includes(at))];
}
