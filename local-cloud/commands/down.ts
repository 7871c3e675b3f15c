import { demolish } from "../cloud";
import { forgetStacks } from "../deploy";
import type { CloudSettings } from "../settings";
import { projectFolders } from "../stack";
import { stopwatch } from "../stopwatch";

/** Stops the cloud and forgets it: what stood in it is gone, so are its own stacks. Other stacks' state is kept. */
export async function down(settings: CloudSettings): Promise<void> {
  const { report } = stopwatch();
  const folders = projectFolders(settings); // known no more when the cloud is gone
  await demolish(settings, report);
  await forgetStacks(settings, folders);
}
