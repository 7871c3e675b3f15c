import dockerignore from "@balena/dockerignore";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** An image outlives and outtravels what it was built from: none of these belongs into one (S2-5). */
const SECRET_FILES = [".env", ".secrets.json"];

/** Files of secrets that a build would be given, below its context; `.dockerignore` keeps the others out. */
export function secretFilesIn(context: string): string[] {
  const kept = dockerignore().add(ignoredBy(context));
  return readdirSync(context, { recursive: true, withFileTypes: true })
    .filter((entry) => SECRET_FILES.includes(entry.name) && !entry.isDirectory())
    .map((entry) => relative(context, join(entry.parentPath, entry.name)))
    .filter((path) => !kept.ignores(path))
    .sort();
}

/** BuildKit takes the Dockerfile's own list before the folder's. */
function ignoredBy(context: string): string {
  const [file] = ["Dockerfile.dockerignore", ".dockerignore"]
    .map((name) => join(context, name))
    .filter((path) => existsSync(path));
  return file === undefined ? "" : readFileSync(file, "utf8");
}
