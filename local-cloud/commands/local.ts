import { deployedUrl, homeport, prepareStack, pulumiUp } from "../deploy";
import { up } from "../cloud";
import { localProject } from "../projects";
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
  const project = localProject(system);
  const images = await up(settings, project, report);
  report("the local cloud is up");
  await prepareStack(settings, project, images);
  if (flags.cloudOnly !== true) {
    report("pulumi up");
    await pulumiUp(settings, project);
    report("homeport verify");
    await homeport(settings, project, ["verify", "--stack", settings.name]);
  }
  const url = flags.cloudOnly === true ? undefined : await deployedUrl(settings, project);
  process.stdout.write(summary(settings, project, seconds(), url, flags.json));
}
