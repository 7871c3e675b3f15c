import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Every file below `path` (or `path` itself), sorted, without `node_modules`. */
export function filesBelow(path: string): string[] {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.name !== "node_modules")
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) =>
      entry.isDirectory() ? filesBelow(join(path, entry.name)) : [join(path, entry.name)],
    );
}

/** SHA-256, hex, of the names and contents of all files below `paths`, and of `words`. */
export function contentHash(paths: readonly string[], words: readonly string[] = []): string {
  const hash = createHash("sha256").update(JSON.stringify(words));
  for (const path of paths) {
    for (const file of filesBelow(path)) {
      hash.update(`\0${file.slice(path.length)}\0`).update(readFileSync(file));
    }
  }
  return hash.digest("hex");
}
