import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** The project that a command works on: the nearest folder upward with a Pulumi.yaml, else Homeport's own. */
export function projectRoot(from = process.cwd()): string {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "Pulumi.yaml"))) return folder;
    if (dirname(folder) === folder) return resolve(__dirname, "..");
  }
}

/** Where the command was typed: what the user's own relative paths count from. */
const TYPED_IN = process.cwd();

/** A path as the user meant it. */
export function userPath(path: string): string {
  return resolve(TYPED_IN, path);
}

/** Homeport's own folder: scripts that run on the server, the sample application. */
export const HOMEPORT_ROOT = resolve(__dirname, "..");

/** The text of a script that runs on the server. */
export function remoteScript(name: string): string {
  return readFileSync(join(HOMEPORT_ROOT, "scripts", "remote", name), "utf8");
}
