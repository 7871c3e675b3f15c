import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Runs `work` while holding an exclusive lock on `file`, waiting for whoever holds it. The kernel keeps the
 * lock (flock(2)) through a child whose input we hold, so that it is free again when we are killed.
 * @param waiting called once when somebody else holds the lock.
 */
export async function withLock<T>(file: string, work: () => Promise<T>, waiting?: () => void): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  const holder = spawn("flock", ["--exclusive", file, "sh", "-c", "echo held; exec cat >/dev/null"], {
    stdio: ["pipe", "pipe", "inherit"],
    detached: true, // Ctrl-C goes to our process group: the lock stays until we have cleaned up
  });
  const exited = new Promise<void>((resolve) => holder.once("close", () => resolve()));
  const held = Promise.race([
    once(holder.stdout, "data"),
    once(holder, "exit").then(() => Promise.reject(new Error(`${file}: must be lockable, but flock failed`))),
  ]);
  const notice = waiting && setTimeout(waiting, 300);
  try {
    await held;
  } finally {
    clearTimeout(notice);
  }
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await exited;
  }
}
