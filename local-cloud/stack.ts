import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import type { CloudSettings } from "./settings";
import { ROOT } from "./toolchain/versions";

/** The stack file that a cloud's template becomes. Git ignores it. */
export function stackFile(settings: CloudSettings): string {
  return join(ROOT, `Pulumi.${settings.name}.yaml`);
}

/**
 * Writes the stack's config from `stacks/<system>.yaml`. What a user, `homeport init` or `homeport deploy` added
 * stays: a key is set where it is missing, or still holds what an earlier start of the same cloud put there.
 */
export function writeStackConfig(
  settings: CloudSettings,
  system: string,
  values: Readonly<Record<string, string>>,
): void {
  const template = fillTemplate(system, values);
  const given = (parseDocument(template).toJS() as { config: Config }).config;
  const record = join(settings.stateDir, "given.json");
  const before = existsSync(record) ? (JSON.parse(readFileSync(record, "utf8")) as Config) : {};
  const file = stackFile(settings);
  const text = existsSync(file) ? readFileSync(file, "utf8") : template;
  const current = parseDocument(text);
  const config = (current.toJS() as { config: Config }).config;
  for (const [key, value] of Object.entries(given)) {
    const isOurs = !(key in before) || JSON.stringify(config[key]) === JSON.stringify(before[key]);
    if (isOurs && JSON.stringify(config[key]) !== JSON.stringify(value))
      current.setIn(["config", key], value);
  }
  if (current.toString() !== text || !existsSync(file)) writeFileSync(file, current.toString());
  writeFileSync(record, JSON.stringify(given));
}

type Config = Record<string, unknown>;

function fillTemplate(system: string, values: Readonly<Record<string, string>>): string {
  const text = readFileSync(join(ROOT, "local-cloud", "stacks", `${system}.yaml`), "utf8");
  return text.replaceAll(/\{\{([A-Z_]+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`stacks/${system}.yaml: nothing fills {{${name}}}`);
    return value;
  });
}
