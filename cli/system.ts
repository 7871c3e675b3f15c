import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { formatFault, type FaultsError } from "../components/lib/faults";
import type { System } from "../components/lib/system";
import { usage } from "./cli-error";
import { HOMEPORT_ROOT, projectRoot } from "./project";

/**
 * The system of the project that the command works on: what `system.ts` beside its Pulumi.yaml exports as `system`.
 *
 * @throws CliError (usage) when there is none, or with every fault of its spec at once.
 */
export function projectSystem(root = projectRoot()): System {
  const file = join(root, "system.ts");
  if (!existsSync(file)) {
    throw usage(
      `system.ts: must be beside Pulumi.yaml in ${root}, got nothing; fix: homeport new NAME writes a project`,
    );
  }
  const { system } = load(file);
  if (system !== undefined) return system;
  throw usage(
    `${file}: must export system, got nothing of that name; fix: export const system = defineSystem({ … })`,
  );
}

/**
 * Goes to the project of another system: this folder's, Homeport's own, or one of its examples.
 *
 * @throws CliError (usage) when none of them is called so.
 */
export function enterProjectOf(name: string): void {
  const examples = join(HOMEPORT_ROOT, "examples");
  const folders = [
    ...[projectRoot(), HOMEPORT_ROOT],
    ...(existsSync(examples) ? readdirSync(examples).map((folder) => join(examples, folder)) : []),
  ];
  const projects = folders.filter((folder) => existsSync(join(folder, "system.ts")));
  const found = projects.find((folder) => projectSystem(folder).name === name);
  if (found !== undefined) return process.chdir(found);
  const known = [...new Set(projects.map((folder) => projectSystem(folder).name))].join(", ");
  throw usage(`--system: must be one of ${known}, got ${name}; fix: leave it out in the project's folder`);
}

function load(file: string): { readonly system?: System } {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- whose project it is, is known at run time only
    return require(file) as { readonly system?: System };
  } catch (error) {
    // by its faults, not by its class: a project may come with a copy of the package of its own
    const { faults } = error as Partial<FaultsError>;
    if (faults === undefined) throw error;
    throw usage(...faults.map(formatFault));
  }
}
