import { spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stateRoot } from "../settings";
import { withLock } from "../toolchain/lock";
import { step, type Report } from "../toolchain/progress";
import { unmountBelow } from "./mounts";
import { commandLine, environment, isAlive, processes, signal, withDescendants } from "./processes";

/** Where a Docker daemon keeps its things. */
export interface DockerPlace {
  /** Where the log of the one that we start goes. */
  readonly stateDir: string;
  /** DOCKER_HOST of who talks to it; undefined: as the user's environment says. */
  readonly host?: string;
  readonly pidFile: string;
  readonly socket: string;
  readonly execRoot: string;
  readonly dataRoot: string;
  /** The bridge that dockerd makes and never removes; undefined: none. */
  readonly bridge?: string;
  readonly args: readonly string[];
}

/** dockerd's own defaults. */
export function systemDocker(): DockerPlace {
  return {
    stateDir: join(stateRoot(), "docker"),
    pidFile: "/var/run/docker.pid",
    socket: "/var/run/docker.sock",
    execRoot: "/var/run/docker",
    dataRoot: "/var/lib/docker",
    bridge: "docker0",
    args: [],
  };
}

const START_MS = 60_000;
const STOP_MS = 60_000;
const POLL_MS = 100;
const LOG_LINES = 15;
/** In the environment of a daemon that we started, and so of all that it starts: how we know it again. */
const MARK = "HOMEPORT_DOCKER";

const logOf = (place: DockerPlace): string => join(place.stateDir, "dockerd.log");
const lockOf = (place: DockerPlace): string => join(place.stateDir, "lock");

function docker(place: DockerPlace, ...args: string[]): { ok: boolean; output: string } {
  const env = place.host ? { ...process.env, DOCKER_HOST: place.host } : process.env;
  const { status, stdout, stderr, error } = spawnSync("docker", args, {
    env,
    encoding: "utf8",
    timeout: 10_000,
  });
  return { ok: status === 0, output: (status === 0 ? stdout : (error?.message ?? stderr)).trim() };
}

const answers = (place: DockerPlace): { ok: boolean; output: string } =>
  docker(place, "version", "--format", "{{.Server.Version}}");

/**
 * Makes a Docker daemon answer: the one that does already, whosever it is (`DOCKER_HOST` and contexts count), or
 * else, as root, one that we start. It outlives this process; `stopOwnDocker` ends it.
 */
export async function ensureDocker(report: Report, place = systemDocker()): Promise<void> {
  const first = answers(place);
  if (first.ok) return;
  const fault = dockerFault(first.output, { host: process.env.DOCKER_HOST, root: process.getuid?.() === 0 });
  if (fault) throw new Error(fault);
  await withLock(lockOf(place), async () => {
    if (!answers(place).ok) await step(report, "starting a Docker daemon", () => start(place));
  });
}

/** Why no daemon may be started here, and what to do; undefined when one may. */
export function dockerFault(said: string, system: { host?: string; root: boolean }): string | undefined {
  const got = said.split("\n").at(-1) ?? "";
  if (system.host)
    return `DOCKER_HOST: must be a Docker daemon that answers, got ${system.host} (${got}); fix: unset DOCKER_HOST`;
  if (system.root) return undefined;
  const denied = /permission denied/i.test(said);
  const fix = denied ? `sudo usermod -aG docker "$USER", and log in again` : "sudo systemctl start docker";
  return `docker: must answer, got ${got || "no answer"}; fix: ${fix}`;
}

async function start(place: DockerPlace): Promise<void> {
  mkdirSync(place.stateDir, { recursive: true, mode: 0o700 });
  const left = ownDaemon(place); // the run that started it was killed before it answered
  if (left) return untilAnswers(place, left);
  clearStalePids(place);
  const log = openSync(logOf(place), "w", 0o600);
  const env = { ...process.env, [MARK]: place.stateDir };
  const child = spawn("dockerd", place.args, { detached: true, stdio: ["ignore", log, log], cwd: "/", env });
  const spawned = new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject));
  try {
    await spawned;
  } catch (error) {
    throw new Error(
      `dockerd: must be on PATH, got ${(error as Error).message}; fix: apt-get install docker.io`,
    );
  } finally {
    closeSync(log);
  }
  await untilAnswers(place, child.pid ?? 0);
  child.unref();
}

async function untilAnswers(place: DockerPlace, pid: number): Promise<void> {
  for (const end = Date.now() + START_MS; Date.now() < end; await sleep(POLL_MS)) {
    if (existsSync(place.socket) && answers(place).ok) return;
    if (!isAlive(pid)) throw new Error(`dockerd: must keep running, but ended\n${logEnd(place)}`);
  }
  throw new Error(`dockerd: must answer within ${START_MS / 1000} s\n${logEnd(place)}`);
}

const DAEMON = /(^|\/)dockerd$/;
const isDaemon = (pid: number): boolean => DAEMON.test(commandLine(pid)[0] ?? "");
const isMarked = (pid: number, { stateDir }: DockerPlace): boolean =>
  environment(pid).includes(`${MARK}=${stateDir}`);

/** The running daemon that we started. */
function ownDaemon(place: DockerPlace): number | undefined {
  return processes().find((pid) => isDaemon(pid) && isMarked(pid, place) && isAlive(pid));
}

/** The process that a pid file names, if it is that program still, and not another one or a zombie by now. */
function namedIn(pidFile: string, program: RegExp): number | undefined {
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8").trim()) : 0;
  return pid > 0 && program.test(commandLine(pid)[0] ?? "") ? pid : undefined;
}

const daemonOf = ({ pidFile }: DockerPlace): number | undefined => namedIn(pidFile, DAEMON);

/**
 * After a crash dockerd neither starts while any process, even a zombie, has the number in its pid file, nor
 * starts its containerd while one has the number in containerd's.
 */
function clearStalePids(place: DockerPlace): void {
  const pid = daemonOf(place);
  if (pid) throw new Error(`dockerd: must answer, but process ${pid} does not; fix: kill ${pid}`);
  rmSync(place.pidFile, { force: true });
  const containerd = join(place.execRoot, "containerd", "containerd.pid");
  if (!namedIn(containerd, /(^|\/)containerd$/)) rmSync(containerd, { force: true });
}

/**
 * Ends the daemon that `ensureDocker` started, with its containerd, containers and mounts, or what a crash left of
 * them; no other one. It stays while any container runs on it.
 * @returns whether something of ours was ended.
 */
export async function stopOwnDocker(report: Report, place = systemDocker()): Promise<boolean> {
  if (!existsSync(logOf(place))) return false;
  return withLock(lockOf(place), async () => {
    const own = ownDaemon(place);
    const running = own ? docker(place, "ps", "--quiet") : { ok: false, output: "" };
    if (running.ok && running.output !== "") {
      report(`the Docker daemon stays: ${running.output.split("\n").length} containers run on it`);
      return false;
    }
    await step(report, "stopping the Docker daemon", () => stop(place, own));
    return true;
  });
}

async function stop(place: DockerPlace, own: number | undefined): Promise<void> {
  if (own) await end(own);
  // A daemon that somebody started after ours crashed has taken over what was left.
  if (!daemonOf(place)) clearLeftovers(place);
  rmSync(logOf(place), { force: true });
}

/** After an orderly end only the bridge is left. After a crash: containers, their shims, mounts and files, too. */
function clearLeftovers(place: DockerPlace): void {
  for (const pid of withDescendants((pid) => isMarked(pid, place))) signal(pid, "SIGKILL");
  for (const folder of [place.execRoot, place.dataRoot]) unmountBelow(folder);
  for (const file of [place.pidFile, place.socket]) rmSync(file, { force: true });
  if (place.bridge) spawnSync("ip", ["link", "delete", place.bridge]); // fails where it never got that far
}

async function end(pid: number): Promise<void> {
  signal(pid, "SIGTERM");
  for (const limit = Date.now() + STOP_MS; isAlive(pid); await sleep(POLL_MS)) {
    if (Date.now() > limit) signal(pid, "SIGKILL");
  }
}

function logEnd(place: DockerPlace): string {
  return readFileSync(logOf(place), "utf8").trimEnd().split("\n").slice(-LOG_LINES).join("\n");
}
