import dockerignore from "@balena/dockerignore";
import { existsSync, readdirSync, readFileSync, type Dirent } from "node:fs";
import { basename, join, relative } from "node:path";

/** An image outlives and outtravels what it was built from: none of these belongs into one (S2-5). */
const SECRET_FILES = [".env", ".secrets.json"];

/** Files of secrets that a build would be given, below its context; `.dockerignore` keeps the others out. */
export function secretFilesIn(context: string): string[] {
  const kept = dockerignore().add(ignoredBy(context));
  return filesIn(context)
    .filter((path) => SECRET_FILES.includes(basename(path)))
    .map((path) => relative(context, path))
    .filter((path) => !kept.ignores(path))
    .sort();
}

/** A folder that cannot be read is no reason to refuse: the build says so itself, unless it does not need it. */
function filesIn(folder: string): string[] {
  return entriesOf(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesIn(path) : [path];
  });
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** BuildKit takes the Dockerfile's own list before the folder's. */
function ignoredBy(context: string): string {
  const [file] = ["Dockerfile.dockerignore", ".dockerignore"]
    .map((name) => join(context, name))
    .filter((path) => existsSync(path));
  return file === undefined ? "" : readFileSync(file, "utf8");
}
