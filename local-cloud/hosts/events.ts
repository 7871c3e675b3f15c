import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { CloudSettings } from "../settings";

/** How long until a broken stream, as by a restart of Docker, is tried again. */
const RETRY_MS = 1000;

/**
 * Calls `happened` with a server's id whenever its container ends or starts, and `reconnected` when Docker came
 * back. Returns what ends it.
 */
export function followEvents(
  settings: CloudSettings,
  happened: (id: number) => void,
  reconnected: () => void,
): () => void {
  let ended = false;
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  const filters = ["type=container", "event=die", "event=start", `label=homeport.cloud=${settings.name}`];
  const format = '--format={{index .Actor.Attributes "homeport.server"}}';
  const connect = (): void => {
    const running = spawn("docker", ["events", ...filters.map((one) => `--filter=${one}`), format], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    child = running;
    createInterface({ input: running.stdout }).on("line", (line) => {
      if (/^\d+$/.test(line)) happened(Number(line));
    });
    running.on("error", () => undefined); // "close" follows
    running.on("close", () => {
      if (!ended) timer = setTimeout(again, RETRY_MS);
    });
  };
  const again = (): void => {
    connect();
    reconnected();
  };
  connect();
  return () => {
    ended = true;
    clearTimeout(timer);
    child?.kill();
  };
}
