import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import type { LocalProject } from "./projects";
import type { CloudSettings } from "./settings";
import { ROOT } from "./toolchain/versions";

/** The stack file that a cloud's template becomes. Git ignores it. */
export function stackFile(settings: CloudSettings, project: Pick<LocalProject, "folder">): string {
  return join(project.folder, `Pulumi.${settings.name}.yaml`);
}

/**
 * Writes the stack's config from the project's template. What a user, `homeport init` or `homeport deploy` added
 * stays: a key is set where it is missing, or still holds what an earlier start of the same cloud put there.
 */
export function writeStackConfig(
  settings: CloudSettings,
  project: LocalProject,
  values: Readonly<Record<string, string>>,
): void {
  const template = fillTemplate(project, values);
  const given = (parseDocument(template).toJS() as { config: Config }).config;
  const record = join(givenFolder(settings), `${project.name}.json`);
  const before = existsSync(record) ? (JSON.parse(readFileSync(record, "utf8")) as Given).config : {};
  const file = stackFile(settings, project);
  const text = existsSync(file) ? readFileSync(file, "utf8") : template;
  const current = parseDocument(text);
  const config = (current.toJS() as { config: Config }).config;
  for (const [key, value] of Object.entries(given)) {
    const isOurs = !(key in before) || JSON.stringify(config[key]) === JSON.stringify(before[key]);
    if (isOurs && JSON.stringify(config[key]) !== JSON.stringify(value))
      current.setIn(["config", key], value);
  }
  if (current.toString() !== text || !existsSync(file)) writeFileSync(file, current.toString());
  mkdirSync(givenFolder(settings), { recursive: true });
  const { folder } = project;
  writeFileSync(record, JSON.stringify({ folder, config: given } satisfies Given));
}

/** Folders of the projects that have a stack on this cloud; the root's first. */
export function projectFolders(settings: CloudSettings): string[] {
  const folder = givenFolder(settings);
  const records = existsSync(folder) ? readdirSync(folder) : [];
  const given = records.map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as Given);
  return [...new Set([ROOT, ...given.map((each) => each.folder)])].filter((each) => existsSync(each));
}

function givenFolder(settings: CloudSettings): string {
  return join(settings.stateDir, "given");
}

/** What a start gave to a project's stack. */
interface Given {
  readonly folder: string;
  readonly config: Config;
}

type Config = Record<string, unknown>;

function fillTemplate(project: LocalProject, values: Readonly<Record<string, string>>): string {
  return project.template.replaceAll(/\{\{([A-Z_]+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${project.name}: nothing fills {{${name}}} of its local stack`);
    return value;
  });
}
