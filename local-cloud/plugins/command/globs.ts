import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Asset } from "../lib";

/**
 * The files below a folder that path globs name, as assets by relative path. Globs are those of
 * github.com/gobwas/glob; ones that start with `!` take away what earlier ones found.
 */
export function assetsBelow(dir: string, globs: readonly string[]): Record<string, Asset> {
  const rules = globs.map((glob) => ({
    isExclude: glob.startsWith("!"),
    pattern: globPattern(glob.replace(/^!/, "")),
  }));
  const chosen = filesBelow(dir, "").filter((path) =>
    rules.reduce((isIn, { isExclude, pattern }) => (pattern.test(path) ? !isExclude : isIn), false),
  );
  return Object.fromEntries(chosen.map((path) => [path, fileAsset(join(dir, path))]));
}

function fileAsset(path: string): Asset {
  const hash = createHash("sha256").update(readFileSync(path)).digest("hex");
  return new Asset({ path, hash });
}

function filesBelow(root: string, folder: string): string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? filesBelow(root, path) : [path];
    });
}

/** `*` and `?` stop at `/`, `**` does not; `[a-z]`, `[!a-z]`, `{a,b}` and `\` as usual. */
export function globPattern(glob: string): RegExp {
  let depth = 0;
  const parts = (glob.match(/\*\*+|\\.|\[!?[^\]]*\]|[\s\S]/g) ?? []).map((token) => {
    if (token.startsWith("**")) return ".*";
    if (token === "*") return "[^/]*";
    if (token === "?") return "[^/]";
    if (token.startsWith("[")) return token.replace(/^\[!/, "[^").replace(/\\/g, "\\\\");
    if (token === "{") return (depth++, "(?:");
    if (token === "}" && depth > 0) return (depth--, ")");
    if (token === "," && depth > 0) return "|";
    return token.replace(/^\\(?=.)/, "").replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`, "s");
}
