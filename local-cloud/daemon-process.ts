import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "./toolchain/bundle";
import { ROOT } from "./toolchain/versions";
import type { CloudSettings } from "./settings";

const PATIENCE_MS = 30_000;

/** Starts the daemon unless it runs from the present sources; resolves when both APIs answer. */
export async function startDaemon(settings: CloudSettings): Promise<void> {
  const program = join(settings.cacheDir, "build", "daemon.js");
  await bundle(join(ROOT, "local-cloud", "daemon.ts"), program);
  const version = createHash("sha256").update(readFileSync(program)).digest("hex");
  if (daemonPid(settings) !== undefined && readVersion(settings) === version && (await answers(settings)))
    return;
  await stopDaemon(settings);
  writeFileSync(versionFile(settings), version);
  const log = openSync(join(settings.stateDir, "daemon.log"), "a", 0o600);
  const child = spawn(process.execPath, [program, settings.name], {
    detached: true,
    stdio: ["ignore", log, log],
    env: { ...process.env, HOMEPORT_CLOUD: settings.name },
    cwd: settings.stateDir,
  });
  writeFileSync(pidFile(settings), String(child.pid));
  child.unref();
  await until(async () => {
    if (child.exitCode !== null)
      throw new Error(`the local cloud's daemon ended; see ${settings.stateDir}/daemon.log`);
    return answers(settings);
  });
}

/** Ends the daemon; hosts and containers stay. */
export async function stopDaemon(settings: CloudSettings): Promise<void> {
  const pid = daemonPid(settings);
  if (pid !== undefined) {
    process.kill(pid, "SIGTERM");
    await until(() => Promise.resolve(daemonPid(settings) === undefined));
  }
  rmSync(pidFile(settings), { force: true });
}

/** The daemon's process id, if the process of that number is really this cloud's daemon. */
export function daemonPid(settings: CloudSettings): number | undefined {
  try {
    const pid = Number(readFileSync(pidFile(settings), "utf8"));
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return words[1]?.endsWith("daemon.js") && words[2] === settings.name ? pid : undefined;
  } catch {
    return undefined; // never started, or ended
  }
}

function pidFile(settings: CloudSettings): string {
  return join(settings.stateDir, "daemon.pid");
}

function versionFile(settings: CloudSettings): string {
  return join(settings.stateDir, "daemon.version");
}

function readVersion(settings: CloudSettings): string | undefined {
  const file = versionFile(settings);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

async function answers(settings: CloudSettings): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${settings.port}/_control/health`);
    return response.ok && ((await response.json()) as { cloud?: string }).cloud === settings.name;
  } catch {
    return false;
  }
}

async function until(done: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await done())) {
    if (Date.now() > deadline)
      throw new Error("the local cloud's daemon does not answer; see daemon.log in its state");
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
