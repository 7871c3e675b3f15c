import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { ROOT } from "./cloud";
import type { Project } from "./project";

const NAMES = [".env", ".secrets.json"] as const;

/** While a file's tests run, folders below local-cloud/apps hold secrets, as those of a developer's machine do. */
export function withSecretsInSources(folders: readonly string[]): void {
  const planted = folders.flatMap((folder) =>
    NAMES.map((name) => join(ROOT, "local-cloud", "apps", folder, name)),
  );
  beforeAll(() => planted.forEach((path) => writeFileSync(path, "PLANTED=of-a-developers-machine\n")));
  afterAll(() => planted.forEach((path) => rmSync(path, { force: true })));
}

/**
 * None of them is on the host, in a layer of any image there, in a volume, or in the copy that is kept elsewhere; an
 * environment is where `allowed` says and nowhere else. Both searches see what came from the same folders: `shipped` are
 * names of such files, `copied` is a path in the copy.
 */
export async function expectLeftBehind(
  project: Project,
  { allowed = [], shipped, copied }: { allowed?: string[]; shipped: string[]; copied: string },
): Promise<void> {
  const found = await filesNamed(project, [...NAMES, ...shipped]);
  for (const name of shipped) expect(found).toContainEqual(expect.stringMatching(`/${name}$`));
  expect(found.filter(isSecret).sort()).toEqual([...allowed].sort());
  const copy = await newestCopy(project);
  expect(copy).toContain(copied);
  expect(copy.filter(isSecret)).toEqual([]);
}

function isSecret(path: string): boolean {
  return NAMES.some((name) => path.endsWith(`/${name}`));
}

/** Docker's images and volumes are files of the host. */
async function filesNamed(project: Project, names: readonly string[]): Promise<string[]> {
  const wanted = names.map((name) => `-name ${name}`).join(" -o ");
  const find = `find / \\( -path /proc -o -path /sys \\) -prune -o \\( ${wanted} \\) -print 2>/dev/null || true`;
  return lines(await project.onServer(find));
}

/** All paths of the newest copy of files. */
async function newestCopy(project: Project): Promise<string[]> {
  const list = `set -a; . /etc/homeport/backup/env
    RESTIC_CACHE_DIR=/var/cache/homeport-restic restic ls --no-lock --quiet --tag files=data latest`;
  return lines(await project.onServer(list));
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
