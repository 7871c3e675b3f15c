import type { Variable } from "./environment";
import type { Draft } from "./service";

/**
 * Names of the system's secrets. A secret's name is its variable's, so one that has another value in another service is
 * left out there; two that have to fit are told.
 */
export function sharedSecrets(drafts: readonly Draft[]): string[] {
  const first = new Map<string, { readonly service: string; readonly variable: Variable }>();
  for (const { name: service, secrets } of drafts) {
    for (const [name, variable] of [...secrets]) {
      const other = first.get(name);
      if (other === undefined) {
        first.set(name, { service, variable });
        fitting(name, variable, first);
      } else if (!isSame(other.variable, variable)) {
        secrets.delete(name);
        const reason = `${name} has another value in services.${other.service}, and a secret has one: rename the variable`;
        variable.node.leave(reason);
      }
    }
  }
  return [...first.keys()];
}

function isSame(one: Variable, other: Variable): boolean {
  const isFile = one.template === undefined || other.template === undefined;
  return isFile || one.template === other.template || one.value.text === other.value.text;
}

function fitting(
  name: string,
  { value, node }: Variable,
  all: ReadonlyMap<string, { readonly variable: Variable }>,
): void {
  for (const [other, { variable }] of all) {
    const theirs = variable.value;
    const asksSame = value.asked.some((each) => theirs.asked.some((asked) => asked.name === each.name));
    const holds =
      (theirs.text.length >= 4 && value.text.includes(theirs.text)) ||
      (value.text.length >= 4 && theirs.text.includes(value.text));
    if (other !== name && (asksSame || holds))
      node.change(`secrets ${name} and ${other} share a value: give both what fits together`);
  }
}
