import { homeport, prepareStack, pulumiUp } from "../deploy";
import { up } from "../cloud";
import type { CloudSettings } from "../settings";
import { stopwatch } from "../stopwatch";
import { summary } from "../summary";

interface LocalFlags {
  readonly cloudOnly?: boolean;
  readonly json?: boolean;
}

/** Everything: what the machine lacks, the toolchain, the cloud, the stack, `pulumi up`, and the checks. */
export async function local(settings: CloudSettings, system: string, flags: LocalFlags): Promise<void> {
  const { report, seconds } = stopwatch();
  const webImage = await up(settings, system, report);
  report("the local cloud is up");
  await prepareStack(settings, system, webImage);
  if (flags.cloudOnly !== true) {
    report("pulumi up");
    await pulumiUp(settings);
    report("homeport verify");
    await homeport(settings, ["verify", "--stack", settings.name]);
  }
  process.stdout.write(summary(settings, seconds(), flags));
}
