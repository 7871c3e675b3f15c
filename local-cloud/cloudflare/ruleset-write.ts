import { PHASES } from "../rules/edge-rules";
import type { CloudflareDeps } from "./deps";
import { CloudflareError } from "./envelope";
import { planOf } from "./plans";
import { nextVersion, ruleFrom, type Rule, type Ruleset } from "./ruleset";
import { checkedRules, type RuleInput } from "./ruleset-rules";
import type { Zone } from "./state";
import { changed } from "./zone-access";

/** What a request may say of a ruleset. */
export interface RulesetBody {
  readonly name?: unknown;
  readonly description?: unknown;
  readonly kind?: unknown;
  readonly phase?: unknown;
  readonly rules?: unknown;
}

const READ_ONLY = ["version", "last_updated", "source"];

/** Checks the rules, keeps the ids of those that were there (by id, else by ref), and stores the next version. */
export function write(deps: CloudflareDeps, zone: Zone, before: Ruleset, body: RulesetBody): object {
  const given = Array.isArray(body.rules) ? body.rules.map(withoutReadOnly) : body.rules;
  const inputs = checkedRules(given, before.phase, planOf(zone));
  const known = (input: RuleInput): Rule | undefined =>
    before.rules.find(({ id }) => id === input.id) ?? before.rules.find(({ ref }) => ref === input.ref);
  const rules = inputs.map((input) => ruleFrom(input, known(input)));
  const repeated = rules.find(({ ref }, at) => rules.findIndex((one) => one.ref === ref) !== at);
  if (repeated) throw invalid(repeated.ref, "ref", "it is not unique in the ruleset", "/rules");
  const next = nextVersion(before, {
    ...(body.name === undefined ? {} : { name: named(body.name) }),
    ...(body.description === undefined ? {} : { description: described(body.description) }),
    rules,
  });
  zone.rulesets = [...(zone.rulesets ?? []).filter(({ id }) => id !== next.id), next];
  changed(deps, zone);
  return withoutPast(next);
}

function withoutReadOnly(rule: unknown): unknown {
  if (typeof rule !== "object" || rule === null) return rule;
  const entries = Object.entries(rule).filter(([key, value]) => value !== null && !READ_ONLY.includes(key));
  return Object.fromEntries(entries);
}

/** The rules with one more, at the position that was asked for; last without one. */
export function placed(rules: readonly Rule[], rule: RuleInput, position: unknown): RuleInput[] {
  const { before, after, index } = (position ?? {}) as { before?: unknown; after?: unknown; index?: unknown };
  const at = (id: unknown): number => {
    const found = rules.findIndex((one) => one.id === id);
    if (found < 0) throw invalid(id, "position", "there is no such rule", "/position");
    return found;
  };
  let place = rules.length;
  if (typeof index === "number") place = index - 1;
  else if (before !== undefined) place = before === "" ? 0 : at(before);
  else if (after !== undefined && after !== "") place = at(after) + 1;
  return [...rules.slice(0, place), rule, ...rules.slice(place)];
}

/** A phase that the edge knows; throws for others. */
export function knownPhase(phase: unknown): string {
  const known = PHASES.find((one) => one === phase);
  if (!known)
    throw invalid(phase, "phase", `the local cloud's edge knows ${PHASES.join(", ")} only`, "/phase");
  return known;
}

/** A name that is one; throws otherwise. */
export function named(name: unknown): string {
  if (typeof name !== "string" || name === "") throw invalid(name, "name", "it must not be empty", "/name");
  return name;
}

/** A description, empty where it is left out. */
export function described(text: unknown): string {
  if (text !== undefined && typeof text !== "string")
    throw invalid(text, "description", "it is no text", "/description");
  return text ?? "";
}

/** What is answered to a value that is refused. */
export function invalid(
  value: unknown,
  field: string,
  why: string,
  pointer: string,
  code = 20_120,
): CloudflareError {
  const message = `'${String(value)}' is not a valid value for ${field} because ${why}`;
  return new CloudflareError(400, { code, message, source: { pointer } });
}

/** A ruleset as it is answered. */
export function withoutPast({ past: _, ...ruleset }: Ruleset): Omit<Ruleset, "past"> {
  return ruleset;
}
