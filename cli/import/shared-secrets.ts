import type { SecretSpec } from "../../components/lib/system";
import { partsOf } from "../../components/lib/system-secrets";
import { composedOf, originOf, passwordsOf } from "./composed";
import type { Variable } from "./environment";
import type { Draft } from "./service";

const KEPT: SecretSpec = { kind: "kept" };

/**
 * The system's secrets. A secret's name is its variable's, so one that has another value in another service is left
 * out there. What is made of others is composed, and what the compose file asks for is asked for once.
 */
export function sharedSecrets(
  drafts: readonly Draft[],
  told: ReadonlySet<string>,
): Record<string, SecretSpec> {
  const first = firstOfEach(drafts);
  const bases = basesOf(first);
  const passwords = passwordsOf(first, bases);
  const secrets: Record<string, SecretSpec> = {};
  const kept = new Map<string, Variable>();
  for (const [name, variable] of first) {
    const template = composedOf(variable, { first, bases, passwords, told });
    if (template === undefined) {
      fitting(name, variable, kept);
      calledOtherwise(name, variable);
      kept.set(name, variable);
      secrets[name] = KEPT;
      continue;
    }
    const parts = [...new Set(partsOf(template).map((part) => part.name))];
    for (const part of parts) secrets[part] ??= KEPT;
    secrets[name] = { kind: "composed", template };
    const isUrl = partsOf(template).some(({ encoding }) => encoding === "url");
    variable.node.change(
      `${name} is made of ${parts.join(", ")}${isUrl ? ", encoded as a URL has it: give it as it is" : ""}`,
    );
  }
  return secrets;
}

function firstOfEach(drafts: readonly Draft[]): Map<string, Variable> {
  const first = new Map<string, { readonly service: string; readonly variable: Variable }>();
  for (const { name: service, secrets } of drafts) {
    for (const [name, variable] of [...secrets]) {
      const other = first.get(name);
      if (other === undefined) first.set(name, { service, variable });
      else if ((other.variable.granted === undefined) !== (variable.granted === undefined))
        variable.node.change(`${name} is taken to be what services.${other.service} has under this name`);
      else if (!isSame(other.variable, variable)) {
        secrets.delete(name);
        const reason = `${name} has another value in services.${other.service}, and a secret has one: rename the variable`;
        variable.node.leave(reason);
      }
    }
  }
  return new Map([...first].map(([name, { variable }]) => [name, variable]));
}

function isSame(one: Variable, other: Variable): boolean {
  if (one.granted !== undefined) return one.granted === other.granted;
  const asked = ({ name, template = `\${${name}}` }: Variable): string => template;
  return asked(one) === asked(other) || (one.value.text !== "" && one.value.text === other.value.text);
}

/** What a value comes from -> the secret that has it: the one of the same name, else the first. */
function basesOf(first: ReadonlyMap<string, Variable>): Map<string, string> {
  const bases = new Map<string, string>();
  for (const [name, variable] of first) {
    const origin = originOf(variable);
    if (origin !== undefined && (origin === name || !bases.has(origin))) bases.set(origin, name);
  }
  return bases;
}

function calledOtherwise(name: string, variable: Variable): void {
  const origin = originOf(variable);
  if (variable.granted === undefined && origin !== undefined && origin !== name)
    variable.node.change(`secret ${name} is what the compose file calls ${origin}`);
}

function fitting(name: string, { value, node }: Variable, all: ReadonlyMap<string, Variable>): void {
  for (const [other, { value: theirs }] of all) {
    const asksSame = value.asked.some((each) => theirs.asked.some((asked) => asked.name === each.name));
    const holds =
      (theirs.text.length >= 4 && value.text.includes(theirs.text)) ||
      (value.text.length >= 4 && theirs.text.includes(value.text));
    if (other !== name && (asksSame || holds))
      node.change(`secrets ${name} and ${other} share a value: give both what fits together`);
  }
}
