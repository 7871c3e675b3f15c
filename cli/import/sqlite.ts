import type { Draft } from "./service";

/** `sqlite:////data/app.db` and the like, and a path that can be nothing else. */
const NAMED = /^(?:(?:sqlite3?|file)[\w+]*:(?:\/\/)?(?:\/(?=\/))?)(\/[^?]+)(?:\?.*)?$|^(\/\S+\.sqlite3?)$/;
const PLAIN = /^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/;

/** SQLite databases that a service's environment names, as paths below `folder` of its container (H10). */
export function sqliteBelow({ spec }: Pick<Draft, "spec">, folder: string): string[] {
  return Object.values(spec.environment ?? {}).flatMap((value) => {
    const [, address, path = address] = NAMED.exec(value) ?? [];
    if (path?.startsWith(`${folder}/`) !== true) return [];
    const below = path.slice(folder.length + 1);
    return PLAIN.test(below) ? [below] : [];
  });
}
