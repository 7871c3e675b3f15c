import { newId } from "./envelope";
import type { RuleInput } from "./ruleset-rules";

/** A rule as the API answers it. */
export interface Rule extends RuleInput {
  readonly id: string;
  readonly version: string;
  readonly last_updated: string;
  readonly ref: string;
  readonly enabled: boolean;
}

/** A phase's entry point. */
export interface Ruleset {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly kind: "zone";
  readonly phase: string;
  readonly version: string;
  readonly last_updated: string;
  readonly rules: readonly Rule[];
  /** What it was before, newest last. */
  readonly past: readonly Omit<Ruleset, "past">[];
}

const KEPT_VERSIONS = 50;

/** An entry point without rules. */
export function newRuleset(phase: string, name: string, description: string): Ruleset {
  const last_updated = new Date().toISOString();
  return {
    id: newId(),
    name,
    description,
    kind: "zone",
    phase,
    version: "0",
    last_updated,
    rules: [],
    past: [],
  };
}

/** The ruleset with other contents, one version on. */
export function nextVersion(
  ruleset: Ruleset,
  change: Partial<Pick<Ruleset, "name" | "description" | "rules">>,
): Ruleset {
  const { past, ...before } = ruleset;
  return {
    ...before,
    ...change,
    version: String(Number(ruleset.version) + 1),
    last_updated: new Date().toISOString(),
    past: ruleset.version === "0" ? [] : [...past, before].slice(-KEPT_VERSIONS),
  };
}

/** The rule that an input makes of one that was there before, if any: same id, and a new version where it differs. */
export function ruleFrom(input: RuleInput, before: Rule | undefined): Rule {
  const { id = newId(), version = "0", ref = id } = before ?? {};
  const rule = { ref, enabled: true, ...input, id };
  if (before && JSON.stringify(contents(before)) === JSON.stringify(contents({ ...before, ...rule })))
    return before;
  return { ...rule, version: String(Number(version) + 1), last_updated: new Date().toISOString() };
}

function contents(rule: Rule): unknown[] {
  const { action, action_parameters, expression, description, enabled, logging, ratelimit, ref } = rule;
  return [action, action_parameters, expression, description, enabled, logging, ratelimit, ref];
}
