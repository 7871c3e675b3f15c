import { startDaemon, stopDaemon } from "../daemon-process";
import { docker } from "../docker";
import { restartInternet } from "../internet/internet";
import type { CloudSettings } from "../settings";
import { stopwatch } from "../stopwatch";

const SECONDS_TO_SHUT_DOWN = 60;

/** Everything off and on again, running servers included, as after a reboot of the machine. All state is kept. */
export async function restart(settings: CloudSettings): Promise<void> {
  const { report } = stopwatch();
  const filters = ["--filter", `label=homeport.cloud=${settings.name}`, "--filter", "label=homeport.server"];
  await stopDaemon(settings);
  report("the APIs are stopped");
  const hosts = await docker(["ps", "--quiet", ...filters]);
  await restartInternet(settings);
  if (hosts !== "") {
    await docker(["restart", "--time", String(SECONDS_TO_SHUT_DOWN), ...hosts.split("\n")]);
    report("servers are restarted");
  }
  await startDaemon(settings);
  report(`${settings.name}: restarted`);
}
