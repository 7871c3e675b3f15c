import { readdirSync, readFileSync } from "node:fs";

/** Whether there is such a process, and it has not ended (a zombie has). */
export function isAlive(pid: number): boolean {
  return !["Z", undefined].includes(statOf(pid)?.[0]);
}

/** The words of a process's command line; none for one that is gone. */
export function commandLine(pid: number): string[] {
  return strings(`/proc/${pid}/cmdline`);
}

/** The environment that a process was started with, as NAME=VALUE; empty for somebody else's process. */
export function environment(pid: number): string[] {
  return strings(`/proc/${pid}/environ`);
}

export function processes(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The processes for which `matches` holds, and all that descend from them. */
export function withDescendants(matches: (pid: number) => boolean): number[] {
  const parents = new Map(processes().map((pid) => [pid, Number(statOf(pid)?.[1] ?? 0)]));
  const found = new Set([...parents.keys()].filter(matches));
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

/** Sends a signal; a process that is gone already is fine. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Fields of /proc/PID/stat after the name: state, parent, ... The name may hold anything, `)` too. */
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

function strings(file: string): string[] {
  try {
    return readFileSync(file, "utf8")
      .split("\0")
      .filter((text) => text !== "");
  } catch {
    return [];
  }
}
