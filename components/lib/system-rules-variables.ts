import { nearest } from "./config-keys";
import { specFault as fault, type Fault } from "./faults";
import type { SystemSpec } from "./system";
import { covers, toWanted, wantedVariables, type WantedVariable } from "./system-variables";

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const FAMILY = /^[A-Za-z_][A-Za-z0-9_]*_\*$/;

/** Every broken rule of the variables that a system wants. */
export function variablesFaults(spec: SystemSpec): Fault[] {
  if (spec.variables === undefined) return [];
  const wanted = wantedVariables(spec.variables);
  return [
    ...wanted.flatMap(wantedFaults),
    ...repeatFaults(wanted.filter(({ when }) => when === undefined)),
    ...Object.keys(spec.variables.when ?? {}).flatMap((condition) =>
      conditionFaults(spec, wanted, condition),
    ),
  ];
}

function wantedFaults({ name, need, when, equals, without }: WantedVariable): Fault[] {
  const path = when === undefined ? `variables.${need}` : `variables.when["${when}"]`;
  const asksForValue = equals !== undefined || without !== undefined;
  const rules: readonly (readonly [isBroken: boolean, rule: string, fix: string])[] = [
    [
      !NAME.test(name) && !FAMILY.test(name),
      "name variables, or families like MAIL_*",
      "write it like NAME or NAME_*",
    ],
    [name.endsWith("*") && asksForValue, "ask a family for no value", "name each variable"],
    [need === "optional" && asksForValue, "name optional variables without a value", `write ${name}`],
    [equals === "" || without === "", "ask for a value", `write ${name}=value`],
  ];
  return rules
    .filter(([isBroken]) => isBroken)
    .slice(0, 1)
    .map(([, rule, fix]) => fault(path, rule, name, fix));
}

function repeatFaults(wanted: readonly WantedVariable[]): Fault[] {
  const names = wanted.map(({ name }) => name);
  return wanted
    .filter(({ name }, at) => names.indexOf(name) !== at)
    .map(({ name, need }) =>
      fault(`variables.${need}`, "name each variable once", name, "remove one of the two"),
    );
}

function conditionFaults(spec: SystemSpec, wanted: readonly WantedVariable[], condition: string): Fault[] {
  const path = `variables.when["${condition}"]`;
  const { name, equals } = toWanted(condition, "must");
  if (!NAME.test(name) || equals === undefined || equals === "")
    return [fault(path, "be a condition", condition, 'write it like "MAIL_MODE=smtp"')];
  const parts = [...Object.values(spec.services), ...Object.values(spec.units ?? {})];
  const known = [
    ...parts.flatMap(({ environment }) => Object.keys(environment ?? {})),
    ...wanted.filter(({ when }) => when === undefined).map((each) => each.name),
  ];
  if (known.some((each) => covers(each, name))) return [];
  const meant = nearest(name, known);
  const rule = `ask about a variable that is known${meant === undefined ? "" : ` (did you mean ${meant}?)`}`;
  return [fault(path, rule, name, "put it into a service's environment, or into variables.optional")];
}
