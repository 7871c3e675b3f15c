import { z } from "zod";
import { ConfigReader, isPlaceholder, type ConfigInput } from "./config-reader";
import { environmentOverrides, mergedEnvironment, type ServiceValues } from "./config-rules-services";
import type { System } from "./system";
import { compose, partsOf } from "./system-secrets";
import { isBlocking, variableStates, type GivenVariable, type VariableState } from "./system-variables";

const RECORD = z.record(z.string(), z.string());
/** Names of what should not be in a plain value. */
const SOUNDS_SECRET = /(^|_)(SECRET|TOKEN|PASSWORD|KEY)(_|$)/;

/** A state, and how it is mended: `path: must <rule>, got <got>; fix: <fix>`. */
export interface VariableFault {
  readonly path: string;
  readonly rule: string;
  readonly got: string;
  readonly fix: string;
}

/** Faults for what must be set and is not; gives the warnings for what should be. */
export function variableRules(
  reader: ConfigReader,
  system: System,
  environment: ServiceValues,
  kept: Readonly<Record<string, string>>,
): string[] {
  const states = statesOf(system, environment, kept);
  for (const state of states.filter(isBlocking)) {
    const { path, rule, got, fix } = variableFault(reader, system, environment, state);
    // another rule may have told of the secret already
    if (!reader.faults.some((fault) => fault.path === path)) reader.describe(path, rule, got, fix);
  }
  const doubtful = states.filter(
    ({ need, status }) =>
      (need === "should" && status !== "set") || (need === "optional" && status === "placeholder"),
  );
  return doubtful.map((state) => {
    const { path, rule, got, fix } = variableFault(reader, system, environment, state);
    return `${path}: should ${rule}, got ${got}; fix: ${fix}`;
  });
}

/** How it stands with each variable of a stack, with what mends it; the rest of the config may have faults. */
export function auditVariables(
  input: ConfigInput & { readonly system: System },
): (VariableState & { readonly fix?: string })[] {
  const { system } = input;
  const reader = new ConfigReader(input);
  const domain = reader.optional("homeport:domain") ?? "";
  const environment = mergedEnvironment(system, domain, environmentOverrides(reader, system, domain));
  const kept = reader.structure("homeport:secrets", RECORD, "be an object of names and text") ?? {};
  return statesOf(system, environment, kept).map((state) => {
    if (state.status === "set") return state;
    return { ...state, fix: variableFault(reader, system, environment, state).fix };
  });
}

/** How it stands with the variables that the system has rules for. */
export function statesOf(
  system: System,
  environment: ServiceValues,
  kept: Readonly<Record<string, string>>,
): VariableState[] {
  if (system.variables === undefined) return [];
  return variableStates(system.variables, givenVariables(system, environment, kept), standsForAnother);
}

/** As secrets' placeholders, but one character (a number, a `*`) is a value here, and a list in JSON is as good as what is in it. */
function standsForAnother(value: string): boolean {
  const list = jsonList(value);
  if (list !== undefined) return list.some((each) => typeof each === "string" && standsForAnother(each));
  return isPlaceholder(value) && value.length > 1;
}

function jsonList(value: string): readonly unknown[] | undefined {
  try {
    const parsed = JSON.parse(value) as unknown;
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function givenVariables(
  system: System,
  environment: ServiceValues,
  kept: Readonly<Record<string, string>>,
): GivenVariable[] {
  const parts = [...Object.values(system.services), ...system.units];
  return parts.flatMap((part): GivenVariable[] => {
    const renamed: Readonly<Record<string, string>> = "secretsAs" in part ? part.secretsAs : {};
    const plain = Object.entries(environment[part.name] ?? {});
    return [
      ...plain.map(([name, value]) => ({ name, part: part.name, isSecret: false, value })),
      ...part.secrets.map((secret) => ({
        ...{ name: renamed[secret] ?? secret, part: part.name, isSecret: true },
        value: secretText(system, secret, kept),
      })),
    ];
  });
}

/** A secret's text as far as it is known before `up`; what will be made stands for itself in a composed one. */
function secretText(
  { secrets }: System,
  name: string,
  kept: Readonly<Record<string, string>>,
): string | undefined {
  const spec = secrets[name];
  if (spec?.kind === "kept") return kept[name] ?? "";
  if (spec?.kind !== "composed") return undefined;
  const parts = partsOf(spec.template).filter((part) => secrets[part.name]?.kind === "kept");
  if (parts.some((part) => (kept[part.name] ?? "") === "")) return "";
  return compose(spec.template, (part) => kept[part] ?? part);
}

function variableFault(
  reader: ConfigReader,
  system: System,
  environment: ServiceValues,
  state: VariableState,
): VariableFault {
  const secret = system.secrets[state.name];
  const part = state.parts[0] ?? whoAsks(system, environment, state);
  const isKept = secret?.kind === "kept";
  const path = isKept ? `homeport:secrets.${state.name}` : `homeport:environment.${part}.${state.name}`;
  return { path, ...ruleOf(state), fix: fixOf(reader, system, state, path, part) };
}

function ruleOf({ status, when, equals, without }: VariableState): Pick<VariableFault, "rule" | "got"> {
  const where = when === undefined ? "" : ` where ${when}`;
  if (status === "placeholder")
    return { rule: `be a real value, not a placeholder${where}`, got: "a placeholder" };
  const wanted = equals === undefined ? "be set" : `be ${equals}`;
  if (status === "missing") return { rule: `${wanted}${where}`, got: "nothing" };
  if (status === "unused") return { rule: "be one of the system's variables", got: "a value" };
  return { rule: `${without === undefined ? wanted : `hold no ${without}`}${where}`, got: "another value" };
}

function fixOf(
  reader: ConfigReader,
  { secrets }: System,
  { name, status, equals }: VariableState,
  path: string,
  part: string,
): string {
  const secret = secrets[name];
  const setSecret = reader.pathCommand(`homeport:secrets.${name}`, "", true);
  if (status === "unused") return `remove it from ${part}, or add it to variables.optional of the system`;
  if (secret?.kind === "kept") return secret.make === undefined ? setSecret : reader.initCommand();
  if (secret !== undefined) return `look at secrets.${name} of the system`;
  if (SOUNDS_SECRET.test(name) && equals === undefined)
    return `add secrets.${name} of kind "kept" to the system and to services.${part}.secrets, then ${setSecret}`;
  return reader.pathCommand(path.replace("*", "NAME"), equals ?? "VALUE");
}

/** Whom to give a variable that nobody has: who has the condition's, or else the first that has any. */
function whoAsks(system: System, environment: ServiceValues, { when }: VariableState): string {
  const condition = when?.split("=")[0] ?? "";
  const names = Object.keys(environment);
  const has = names.find((name) => environment[name]?.[condition] !== undefined);
  const told = names.find(
    (name) => system.services[name]?.environmentFile !== undefined && isTold(environment, name),
  );
  return has ?? told ?? names.find((name) => isTold(environment, name)) ?? names[0] ?? "";
}

function isTold(environment: ServiceValues, name: string): boolean {
  return Object.keys(environment[name] ?? {}).length > 0;
}
