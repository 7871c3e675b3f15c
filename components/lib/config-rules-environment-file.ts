import type { ConfigReader } from "./config-reader";
import type { ServiceValues } from "./config-rules-services";
import { environmentFiles, unwritable } from "./environment-file";
import { hidden } from "./faults";
import type { System } from "./system";
import { fileFaults } from "./system-rules-environment-file";
import { compose, partsOf } from "./system-secrets";

/** What a stack's own values put into an environment file that it cannot hold: the spec's own are checked already. */
export function environmentFileRules(
  reader: ConfigReader,
  system: System,
  environment: ServiceValues,
  kept: Readonly<Record<string, string>>,
): void {
  for (const file of environmentFiles(system)) {
    for (const { service, name, rule } of fileFaults(file, environment)) {
      const path = `homeport:environment.${service}.${name}`;
      reader.describe(path, rule, "a value", reader.removeCommand(path));
    }
    for (const name of file.secrets) secretRule(reader, system, name, kept);
  }
}

function secretRule(
  reader: ConfigReader,
  { secrets }: System,
  name: string,
  kept: Readonly<Record<string, string>>,
): void {
  const spec = secrets[name];
  const template = spec?.kind === "composed" ? spec.template : `{${name}}`;
  // what Homeport generates holds no quote of any kind
  const value = compose(template, (part) => kept[part] ?? "");
  const rule = unwritable(value);
  if (rule === undefined) return;
  const part = partsOf(template).find((each) => kept[each.name] !== undefined)?.name ?? name;
  const path = `homeport:secrets.${part}`;
  if (reader.faults.some((fault) => fault.path === path)) return;
  reader.describe(path, rule, hidden(kept[part] ?? ""), reader.pathCommand(path, "", true));
}
