import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { REGISTRY_USER } from "./cloud";
import { backendFolder, cloudEnvironment, ensureTokens, storeAccounts } from "./environment";
import { BUCKET, OBJECT_STORE } from "./internet/object-store";
import type { CloudSettings } from "./settings";
import { writeStackConfig } from "./stack";
import { ROOT } from "./toolchain/versions";

/** Makes the stack and its config: the template's values, then what `homeport init` makes. */
export async function prepareStack(settings: CloudSettings, system: string, webImage: string): Promise<void> {
  const { host } = storeAccounts(settings);
  const environment = await cloudEnvironment(settings);
  writeStackConfig(settings, system, {
    HCLOUD_ENDPOINT: environment.HCLOUD_ENDPOINT ?? "",
    CLOUDFLARE_BASE_URL: environment.CLOUDFLARE_BASE_URL ?? "",
    ADMIN_CIDR: `${settings.gateway}/32`,
    EDGE_CIDR: settings.edgeRange,
    WEB_IMAGE: webImage,
    BACKUP_REPOSITORY: `s3:https://${OBJECT_STORE}/${BUCKET}/${system}`,
    BACKUP_ACCESS_KEY_ID: host.id,
  });
  await homeport(settings, ["init", "--stack", settings.name, "--registry-username", REGISTRY_USER], {
    KAMAL_REGISTRY_PASSWORD: ensureTokens(settings).registry,
    HOMEPORT_BACKUP_SECRET_ACCESS_KEY: host.secret,
  });
}

/** Runs `homeport` as a user would, in the cloud's environment; its output is shown. */
export async function homeport(
  settings: CloudSettings,
  args: readonly string[],
  extra: Readonly<Record<string, string>> = {},
): Promise<void> {
  await show(settings, "node", ["cli/homeport.js", ...args], extra);
}

/** `pulumi up` without a question. */
export async function pulumiUp(settings: CloudSettings): Promise<void> {
  await show(settings, "pulumi", [
    "up",
    "--yes",
    "--skip-preview",
    "--stack",
    settings.name,
    "--suppress-progress",
  ]);
}

async function show(
  settings: CloudSettings,
  command: string,
  args: readonly string[],
  extra: Readonly<Record<string, string>> = {},
): Promise<void> {
  const child = spawn(command, [...args], {
    cwd: ROOT,
    env: { ...process.env, ...(await cloudEnvironment(settings)), ...extra },
    stdio: ["ignore", 2, 2],
  });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`${command} ${args[0]} ended with ${code ?? "a signal"}`);
}

/**
 * Removes the cloud's own stack from its backend, since all that it describes is gone. Its config stays, and so does
 * every other stack there.
 */
export async function forgetStack(settings: CloudSettings): Promise<void> {
  if (!existsSync(join(backendFolder(settings), ".pulumi", "stacks", "homeport", `${settings.name}.json`)))
    return;
  await show(settings, "pulumi", ["stack", "rm", "--yes", "--force", "--preserve-config", settings.name]);
}
