import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureDocker, stopOwnDocker, type DockerPlace } from "../../local-cloud/machine/docker-daemon";
import { commandLine, isAlive, processes } from "../../local-cloud/machine/processes";

const BRIDGE = "hp-dockerd-test";

let place: DockerPlace;
let root: string;
const docker0 = existsSync("/sys/class/net/docker0");
const lines: string[] = [];
const report = (line: string): number => lines.push(line);

/** A second daemon with folders of its own, beside the one that runs the local cloud. */
beforeAll(() => {
  root = mkdtempSync("/tmp/homeport-dockerd-"); // a socket's path has to be short
  const [socket, pidFile, execRoot, dataRoot] = ["sock", "pid", "exec", "data"].map((name) =>
    join(root, name),
  );
  if (!socket || !pidFile || !execRoot || !dataRoot) throw new Error("four paths");
  const own = [
    `--host=unix://${socket}`,
    `--pidfile=${pidFile}`,
    `--exec-root=${execRoot}`,
    `--data-root=${dataRoot}`,
  ];
  // A bridge of its own: told to have none, dockerd removes docker0, which is another daemon's.
  for (const words of [`link add ${BRIDGE} type bridge`, `addr add 172.31.254.1/24 dev ${BRIDGE}`]) {
    execFileSync("ip", words.split(" "));
  }
  const args = [...own, `--bridge=${BRIDGE}`, "--iptables=false", "--storage-driver=vfs"];
  place = {
    stateDir: join(root, "state"),
    host: `unix://${socket}`,
    pidFile,
    socket,
    execRoot,
    dataRoot,
    args,
  };
});

afterAll(async () => {
  await stopOwnDocker(report, place);
  spawnSync("ip", ["link", "delete", BRIDGE]);
  rmSync(root, { recursive: true, force: true });
});

const daemon = (): number => Number(readFileSync(place.pidFile, "utf8"));
const left = (): string[] =>
  processes()
    .map((pid) => commandLine(pid).join(" "))
    .filter((words) => words.includes(`${root}/`));
const mounts = (): string[] =>
  readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(root));

describe("a Docker daemon of our own", () => {
  it("is started once, and used by who comes next", async () => {
    await ensureDocker(report, place);
    const first = daemon();
    await ensureDocker(report, place);
    expect(daemon()).toBe(first);
    expect(lines.filter((line) => line === "starting a Docker daemon")).toHaveLength(1);
  });

  it("starts again after a crash, though its pid file names another process by now", async () => {
    const crashed = daemon();
    process.kill(crashed, "SIGKILL");
    while (isAlive(crashed)) await new Promise((resolve) => setTimeout(resolve, 20));
    writeFileSync(place.pidFile, String(process.pid));
    await ensureDocker(report, place);
    expect(isAlive(daemon())).toBe(true);
    expect(daemon()).not.toBe(process.pid);
  });

  it("leaves no process, mount, socket or pid file when it is stopped", async () => {
    expect(mounts()).not.toEqual([]);
    expect(await stopOwnDocker(report, place)).toBe(true);
    expect({ processes: left(), mounts: mounts() }).toEqual({ processes: [], mounts: [] });
    expect([place.socket, place.pidFile].filter((file) => existsSync(file))).toEqual([]);
    expect(await stopOwnDocker(report, place)).toBe(false);
  });

  it("leaves the bridge of the system's own daemon alone", () => {
    expect(existsSync("/sys/class/net/docker0")).toBe(docker0);
  });

  it("leaves nothing when it crashed before it was stopped", async () => {
    await ensureDocker(report, place);
    process.kill(daemon(), "SIGKILL");
    expect(await stopOwnDocker(report, place)).toBe(true);
    expect({ processes: left(), mounts: mounts() }).toEqual({ processes: [], mounts: [] });
  });
});
