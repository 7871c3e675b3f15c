import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { refused } from "../cli-error";
import { HOMEPORT_ROOT } from "../project";
import type { NewProject } from "./files";

/** What a Pulumi program has beside the package homeport. */
const PACKAGES = ["@pulumi/pulumi", "pulumi", "typescript"];

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** What npm needs for a project in `folder`: this copy of Homeport by its path, and the versions that it is tested with. */
export function packagesFor(folder: string): Pick<NewProject, "homeport" | "versions"> {
  const manifest = JSON.parse(readFileSync(join(HOMEPORT_ROOT, "package.json"), "utf8")) as Manifest;
  const all = { ...manifest.devDependencies, ...manifest.dependencies };
  const versions = Object.fromEntries(PACKAGES.map((name) => [name, all[name] ?? ""]));
  return { homeport: `file:${relative(folder, HOMEPORT_ROOT)}`, versions };
}

/**
 * Writes files into a folder that has none of them.
 *
 * @throws CliError (refused) naming each that is there already; then nothing is written.
 */
export function writeNewFiles(folder: string, files: Readonly<Record<string, string>>): void {
  const there = Object.keys(files).filter((path) => existsSync(join(folder, path)));
  if (there.length > 0) {
    throw refused(
      ...there.map(
        (path) => `${join(folder, path)}: must not be there yet, got a file; fix: choose another name`,
      ),
    );
  }
  mkdirSync(folder, { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text, { flag: "wx" });
}
