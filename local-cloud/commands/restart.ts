import { startDaemon, stopDaemon } from "../daemon-process";
import type { CloudSettings } from "../settings";

/** Everything off and on again, hosts included. */
export async function restart(settings: CloudSettings): Promise<void> {
  await stopDaemon(settings);
  await startDaemon(settings);
}
