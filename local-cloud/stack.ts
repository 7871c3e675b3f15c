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
 * Writes the stack's config from `stacks/<system>.yaml`. What a user or `homeport init` added stays: only the
 * template's own keys are set, and only where they are missing or hold what another start of the cloud gave out.
 */
export function writeStackConfig(
  settings: CloudSettings,
  system: string,
  values: Readonly<Record<string, string>>,
): void {
  const text = readFileSync(join(ROOT, "local-cloud", "stacks", `${system}.yaml`), "utf8");
  const filled = text.replaceAll(/\{\{([A-Z_]+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`stacks/${system}.yaml: nothing fills {{${name}}}`);
    return value;
  });
  const file = stackFile(settings);
  if (!existsSync(file)) {
    writeFileSync(file, filled);
    return;
  }
  const template = parseDocument(filled).toJS() as { config: Record<string, unknown> };
  const before = readFileSync(file, "utf8");
  const current = parseDocument(before);
  for (const [key, value] of Object.entries(template.config)) {
    if (!current.hasIn(["config", key]) || OURS.includes(key)) current.setIn(["config", key], value);
  }
  if (current.toString() !== before) writeFileSync(file, current.toString());
}

/** Keys that follow the cloud's addresses: a user's edit of them would only break the stack. */
const OURS = ["hcloud:endpoint", "cloudflare:baseUrl"];
