import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { FaultsError, specFault } from "./faults";
import { sha256 } from "./hash";

/** What a release is made of. */
export interface CodeTree {
  /** One line a file, `sha256 mode path`, by path. */
  readonly manifest: string;
  /** Of all that: the release's name. */
  readonly release: string;
}

/** Secrets, history, and what is made on the server: none of it leaves this machine (S2-4, S2-5). */
const NEVER = /^(\.env(\..*)?|\.secrets\.json|\.git|\.venv|__pycache__|.*\.pyc|\.homeport|\.bundle)$/;
const RELEASE_DIGITS = 12;
const PLAIN = /^[^\p{Cc}]+$/u;

/**
 * The files of a code tree, as they are now. `salt` is what else makes it another release: how it is installed.
 *
 * @throws FaultsError with every fault of the folder at once.
 */
export function readCodeTree(
  at: string,
  source: string,
  excludes: readonly string[],
  salt: string,
  project = process.cwd(),
): CodeTree {
  const root = join(project, source);
  if (!existsSync(root) || !statSync(root).isDirectory()) {
    const fix = "check out the code there, or correct source";
    throw new FaultsError("code", [
      specFault(`${at}.source`, "be a folder beside this project", source, fix),
    ]);
  }
  const strange: string[] = [];
  const files = filesOf(root, "", new Set(excludes), strange);
  if (strange.length > 0) {
    const rule = "hold plain files and folders only, without line breaks in their names";
    throw new FaultsError(
      "code",
      strange.map((path) => specFault(`${at}.source`, rule, path, "exclude it, or replace it by what it is")),
    );
  }
  const manifest = files.map((path) => `${lineOf(root, path)}\n`).join("");
  return { manifest, release: sha256(`${salt}\n${manifest}`).slice(0, RELEASE_DIGITS) };
}

function filesOf(root: string, folder: string, excludes: ReadonlySet<string>, strange: string[]): string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (NEVER.test(entry.name) || excludes.has(entry.name) || excludes.has(path)) return [];
    if (entry.isDirectory()) return filesOf(root, path, excludes, strange);
    if (entry.isFile() && PLAIN.test(entry.name)) return [path];
    strange.push(path);
    return [];
  });
}

function lineOf(root: string, path: string): string {
  const file = join(root, path);
  const isProgram = (statSync(file).mode & 0o100) !== 0;
  return `${createHash("sha256").update(readFileSync(file)).digest("hex")} ${isProgram ? "750" : "640"} ${path}`;
}
