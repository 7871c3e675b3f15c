import { cloudEnvironment } from "../environment";
import type { CloudSettings } from "../settings";

/** Prints what makes ordinary clients talk to the local cloud. */
export async function env(settings: CloudSettings, flags: { json?: boolean }): Promise<void> {
  const variables = await cloudEnvironment(settings);
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify(variables, null, 2)}\n`);
    return;
  }
  for (const [name, value] of Object.entries(variables)) {
    process.stdout.write(`export ${name}='${value.replaceAll("'", `'\\''`)}'\n`);
  }
}
