import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";

/** What Pulumi's file backend writes into a lock. */
interface Lock {
  readonly pid: number;
  readonly hostname: string;
}

/**
 * Removes the locks that killed programs left in a file backend on this machine: nobody else would, and neither `npm run
 * local` nor `local:down` could go on. A lock whose process lives, or that another machine made, stays.
 *
 * @param backend the folder that holds `.pulumi`
 * @returns the processes that are named there
 */
export function releaseDeadLocks(backend: string, stack: string): number[] {
  const folder = join(backend, ".pulumi", "locks");
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".json") && basename(dirname(file)) === stack,
  );
  return files.flatMap((file) => {
    const lock = JSON.parse(readFileSync(join(folder, file), "utf8")) as Lock;
    if (lock.hostname !== hostname() || existsSync(`/proc/${lock.pid}`)) return [];
    rmSync(join(folder, file), { force: true });
    return [lock.pid];
  });
}
