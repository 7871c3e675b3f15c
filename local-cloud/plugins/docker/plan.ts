import type { Change } from "../lib/diff";
import { DEFAULTS_KEY, elementOf, type PropertyType } from "../lib/schema";
import { hasUnknown, isObject, UNKNOWN, type Properties } from "../lib/values";
import type { DockerProperty, DockerTable } from "./tables";

/**
 * What an update would change, by the rules of the Terraform provider under the published plugin: the
 * program's inputs against the resource's *state* (what was read back), an unset value equal to its
 * type's zero, sets without order, and nothing said of what the daemon filled in.
 */
export function planChanges(table: DockerTable, state: Properties, news: Properties): Change[] {
  const keys = Object.keys(table).filter((key) => key !== DEFAULTS_KEY);
  return keys.flatMap((key) => {
    const property = table[key];
    if (property === undefined || !differs(property, state[key], news[key])) return [];
    const kind = isZero(news[key]) ? "delete" : isZero(state[key]) ? "add" : "update";
    return [{ path: key, kind, replaces: property.replaces === true }];
  });
}

function differs(property: DockerProperty, old: unknown, now: unknown): boolean {
  if (hasUnknown(now)) return true;
  if (now === undefined && (property.computed || property.emptyIsUnset)) return false;
  if (now === "" && property.emptyIsUnset) return false;
  // a list of what the program set is compared without what it left to the daemon (a port's `external`)
  return !sameUnder(property, old, now);
}

/** Equality under a property's rules; `now` is the program's side. */
export function sameUnder(property: DockerProperty, old: unknown, now: unknown): boolean {
  if (isZero(old) && isZero(now)) return true;
  const { type } = property;
  if (typeof type === "object" && "object" in type) return sameMembers(type.object, old, now);
  if (Array.isArray(old) && Array.isArray(now)) return sameElements(type, old, now);
  return isObject(old) && isObject(now) ? sameMap(old, now) : old === now;
}

function sameElements(type: PropertyType, old: readonly unknown[], now: readonly unknown[]): boolean {
  const element: DockerProperty = elementOf(type) ?? { type: "any" };
  return typeof type === "object" && "set" in type ? sameSet(element, old, now) : sameList(element, old, now);
}

function sameMembers(table: DockerTable, old: unknown, now: unknown): boolean {
  const [left, right] = [isObject(old) ? old : {}, isObject(now) ? now : {}];
  return Object.entries(table).every(
    ([key, member]) => (member.computed && isZero(right[key])) || sameUnder(member, left[key], right[key]),
  );
}

function sameMap(old: Properties, now: Properties): boolean {
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].every((key) => old[key] === now[key]);
}

function sameList(element: DockerProperty, old: readonly unknown[], now: readonly unknown[]): boolean {
  return old.length === now.length && now.every((value, i) => sameUnder(element, old[i], value));
}

function sameSet(element: DockerProperty, old: readonly unknown[], now: readonly unknown[]): boolean {
  const included = (values: readonly unknown[], value: unknown, swap: boolean): boolean =>
    values.some((other) => (swap ? sameUnder(element, value, other) : sameUnder(element, other, value)));
  return (
    now.every((value) => included(old, value, false)) && old.every((value) => included(now, value, true))
  );
}

/** Unset, empty or the zero of its type: one and the same for Terraform's first SDK. */
export function isZero(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

/** `actual` as read back, in the program's own order and words where both mean the same. */
export function asWritten(property: DockerProperty, written: unknown, actual: unknown): unknown {
  if (isZero(written) || !sameUnder(property, actual, written)) return actual;
  const element: DockerProperty | undefined = elementOf(property.type);
  if (!element || !Array.isArray(written) || !Array.isArray(actual)) return written;
  return hasComputed(element)
    ? written.map((w) => actual.find((a) => sameUnder(element, a, w)) as unknown)
    : written;
}

function hasComputed({ type }: DockerProperty): boolean {
  if (typeof type !== "object" || !("object" in type)) return false;
  return Object.values<DockerProperty>(type.object).some((member) => member.computed);
}

/** Outputs that a preview cannot know: what the daemon will fill in because the program did not. */
export function unknownOutputs(
  table: DockerTable,
  news: Properties,
  state: Properties | undefined,
): Properties {
  const computed = Object.keys(table).filter((key) => table[key]?.computed && news[key] === undefined);
  return Object.fromEntries(computed.map((key) => [key, state ? state[key] : UNKNOWN]));
}
