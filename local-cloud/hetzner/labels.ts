import type { Labels } from "./types";

const SEGMENT = /^[a-zA-Z0-9]([a-zA-Z0-9_.-]{0,61}[a-zA-Z0-9])?$/;
const PREFIX = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

function isKey(key: string): boolean {
  const parts = key.split("/");
  if (parts.length > 2) return false;
  const [name, prefix] = parts.reverse();
  if (prefix !== undefined && (prefix.length > 253 || !PREFIX.test(prefix))) return false;
  return SEGMENT.test(name ?? "");
}

function isValue(value: string): boolean {
  return value === "" || SEGMENT.test(value);
}

/** What is wrong with the labels, by the rules of the API's section "Labels"; empty when nothing is. */
export function labelFaults(labels: Labels): string[] {
  return Object.entries(labels).flatMap(([key, value]) => {
    const faults: string[] = [];
    if (!isKey(key)) faults.push(`invalid label key '${key}'`);
    if (key.startsWith("hetzner.cloud/")) faults.push("label prefix 'hetzner.cloud/' is reserved");
    if (!isValue(value)) faults.push(`invalid label value '${value}'`);
    return faults;
  });
}

type Requirement = (labels: Labels) => boolean;

function inSet(text: string): Requirement | undefined {
  const [, key = "", operator, list = ""] = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(text) ?? [];
  const values = list.split(",").map((value) => value.trim());
  if (!isKey(key) || !values.every(isValue)) return undefined;
  const within: Requirement = (labels) => Object.hasOwn(labels, key) && values.includes(labels[key] ?? "");
  return operator === "in" ? within : (labels) => !within(labels);
}

function equality(text: string): Requirement | undefined {
  const [, key = "", operator, value = ""] = /^([^\s!=]+)\s*(==|=|!=)\s*([^\s!=]*)$/.exec(text) ?? [];
  if (!isKey(key) || !isValue(value)) return undefined;
  const same: Requirement = (labels) => Object.hasOwn(labels, key) && labels[key] === value;
  return operator === "!=" ? (labels) => !same(labels) : same;
}

function presence(text: string): Requirement | undefined {
  const [, negated, key = ""] = /^(!?)\s*(\S+)$/.exec(text) ?? [];
  if (!isKey(key)) return undefined;
  return (labels) => Object.hasOwn(labels, key) === (negated === "");
}

/**
 * The label selector language: `k=v`, `k==v`, `k!=v`, `k`, `!k`, `k in (a,b)`, `k notin (a,b)`, joined by commas.
 * As in Kubernetes, `!=` and `notin` also hold for what lacks the key. `undefined` when the text is no selector.
 */
export function parseSelector(text: string): Requirement | undefined {
  const parts = text.split(/,(?![^(]*\))/).map((part) => part.trim());
  const all = parts.map((part) => inSet(part) ?? equality(part) ?? presence(part));
  if (!all.every((one) => one !== undefined)) return undefined;
  return (labels) => all.every((one) => one(labels));
}
