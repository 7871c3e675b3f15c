import { demolish } from "../cloud";
import { forgetStack } from "../deploy";
import type { CloudSettings } from "../settings";
import { stopwatch } from "../stopwatch";

/** Stops the cloud and forgets it: what stood in it is gone, so is its own stack. Other stacks' state is kept. */
export async function down(settings: CloudSettings): Promise<void> {
  const { report } = stopwatch();
  await demolish(settings, report);
  await forgetStack(settings);
}
