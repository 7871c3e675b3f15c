/**
 * A variable that has to have a value which is no placeholder: `NAME`; `NAME=value`, that value alone; `PREFIX_*`, one
 * of the family at least; `without`, a text that stands nowhere in it.
 */
export type VariableRule = string | { readonly name: string; readonly without: string };

/** Which variables and secrets services and units have to have, whoever of them has them. */
export interface VariablesSpec {
  /** Without these nothing is deployed. @default none */
  readonly must?: readonly VariableRule[];
  /** `NAME=value` -> what may not be missing where something has that value. @default none */
  readonly when?: Readonly<Record<string, readonly VariableRule[]>>;
  /** A missing one is a warning. @default none */
  readonly should?: readonly VariableRule[];
  /** Names and families that are known beside those: whatever is in no list counts as unused. @default none */
  readonly optional?: readonly string[];
}

/** `wrong`: there, but not what the rule wants. `unused`: in no list. */
export type VariableStatus = "set" | "missing" | "placeholder" | "wrong" | "unused";

/** A checked rule. */
export interface WantedVariable {
  /** A name, or a family that ends with `*`. */
  readonly name: string;
  readonly need: "must" | "should" | "optional";
  /** `NAME=value`, the condition that makes it a must. */
  readonly when?: string;
  readonly equals?: string;
  readonly without?: string;
}

/** How it stands with one variable. Never holds a value but one that a rule names. */
export interface VariableState extends Omit<WantedVariable, "need"> {
  readonly need: WantedVariable["need"] | "none";
  readonly status: VariableStatus;
  /** Services and units that have it. */
  readonly parts: readonly string[];
  /** It is a secret's name. */
  readonly isSecret: boolean;
}

/** A variable as services have it. */
export interface GivenVariable {
  readonly name: string;
  readonly part: string;
  readonly isSecret: boolean;
  /** `undefined` of a secret that is made during `up`: it will be there. */
  readonly value: string | undefined;
}

/** The rule in its parts. */
export function toWanted(rule: VariableRule, need: WantedVariable["need"], when?: string): WantedVariable {
  const common = { need, ...(when === undefined ? {} : { when }) };
  if (typeof rule !== "string") return { ...common, ...rule };
  const [name = "", ...value] = rule.split("=");
  return { ...common, name, ...(value.length === 0 ? {} : { equals: value.join("=") }) };
}

/** Every rule: a condition's as well, whether it holds or not. */
export function wantedVariables(spec: VariablesSpec): WantedVariable[] {
  const { must = [], when = {}, should = [], optional = [] } = spec;
  return [
    ...must.map((rule) => toWanted(rule, "must")),
    ...Object.entries(when).flatMap(([condition, rules]) =>
      rules.map((rule) => toWanted(rule, "must", condition)),
    ),
    ...should.map((rule) => toWanted(rule, "should")),
    ...optional.map((name) => toWanted(name, "optional")),
  ];
}

/**
 * How it stands with everything that is wanted, and with everything that is there. A condition that does not hold
 * makes what it would want optional.
 */
export function variableStates(
  spec: VariablesSpec,
  given: readonly GivenVariable[],
  isPlaceholder: (value: string) => boolean,
): VariableState[] {
  const wanted = wantedVariables(spec).map(({ when, ...rest }): WantedVariable => {
    if (when === undefined) return rest;
    return holds(when, given) ? { ...rest, when } : { name: rest.name, need: "optional" };
  });
  const stated = wanted.flatMap((each): VariableState[] => {
    const found = given.filter(({ name }) => covers(each.name, name));
    if (each.need !== "optional") return [{ ...each, ...standing(each, found, isPlaceholder) }];
    // of what nobody needs only what is there, a family by its members
    return [...new Set(found.map(({ name }) => name))]
      .map((name) => ({
        ...each,
        name,
        ...standing(
          each,
          found.filter((one) => one.name === name),
          isPlaceholder,
        ),
      }))
      .filter(({ status }) => status !== "missing");
  });
  const rest = given.filter(({ name }) => !wanted.some((each) => covers(each.name, name)));
  const unused = [...new Set(rest.map(({ name }) => name))].map((name): VariableState => {
    const found = rest.filter((each) => each.name === name);
    return {
      name,
      need: "none",
      ...standing({ name, need: "optional" }, found, isPlaceholder),
      status: "unused",
    };
  });
  return [...withoutRepeats(stated), ...unused];
}

/** Whether it stands in the way of a deployment. */
export function isBlocking({ need, status }: VariableState): boolean {
  return need === "must" && status !== "set";
}

/** True for the name itself, or one of the family. */
export function covers(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

function holds(condition: string, given: readonly GivenVariable[]): boolean {
  const { name, equals } = toWanted(condition, "must");
  return given.some((each) => each.name === name && each.value === equals);
}

function standing(
  wanted: WantedVariable,
  found: readonly GivenVariable[],
  isPlaceholder: (value: string) => boolean,
): Pick<VariableState, "status" | "parts" | "isSecret"> {
  const values = found.flatMap(({ value }) => value ?? []);
  return {
    parts: [...new Set(found.map(({ part }) => part))],
    isSecret: found.some(({ isSecret }) => isSecret),
    status: statusOf(wanted, found.length, values, isPlaceholder),
  };
}

function statusOf(
  { equals, without }: WantedVariable,
  count: number,
  values: readonly string[],
  isPlaceholder: (value: string) => boolean,
): VariableStatus {
  if (count === 0 || values.includes("")) return "missing";
  if (equals !== undefined && values.some((value) => value !== equals)) return "wrong";
  if (equals === undefined && values.some(isPlaceholder)) return "placeholder";
  return without !== undefined && values.some((value) => value.includes(without)) ? "wrong" : "set";
}

/** Of two rules for one name the one that says more: what must be comes first, and what is not well. */
function withoutRepeats(states: readonly VariableState[]): VariableState[] {
  const weight = ({ need, status }: VariableState): number =>
    (need === "must" ? 0 : need === "should" ? 2 : 4) + (status === "set" ? 1 : 0);
  const names = [...new Set(states.map(({ name }) => name))];
  return names.flatMap((name) => {
    const same = states.filter((each) => each.name === name).sort((a, b) => weight(a) - weight(b));
    return same.slice(0, 1);
  });
}
