import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { releaseDeadLocks } from "../../local-cloud/stack-locks";

const backend = mkdtempSync(join(tmpdir(), "homeport-locks-"));
const dead = spawnSync("true").pid;
afterAll(() => {
  rmSync(backend, { recursive: true });
});

/** A lock as Pulumi's file backend writes it. */
function lock(stack: string, pid: number, host: string): string {
  const folder = join(backend, ".pulumi", "locks", "organization", "homeport", stack);
  const file = join(folder, `${pid}-${host}.json`);
  mkdirSync(folder, { recursive: true });
  const written = { pid, username: "root", hostname: host, timestamp: "2026-11-21T11:12:26.751258207Z" };
  writeFileSync(file, JSON.stringify(written));
  return file;
}

it("a dead process's lock of this stack goes; a living one's, another machine's and another stack's stay", () => {
  const gone = lock("local", dead, hostname());
  const stay = [
    lock("local", process.pid, hostname()),
    lock("local", dead, "another-machine"),
    lock("local-two", dead, hostname()),
  ];
  expect(releaseDeadLocks(backend, "local")).toEqual([dead]);
  expect([gone, ...stay].map((file) => existsSync(file))).toEqual([false, true, true, true]);
  expect(releaseDeadLocks(backend, "local")).toEqual([]);
});

it("a backend that was never used has none", () => {
  expect(releaseDeadLocks(join(backend, "none"), "local")).toEqual([]);
});
