import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { REGISTRY_USER } from "./cloud";
import { backendFolder, cloudEnvironment, ensureTokens, storeAccounts } from "./environment";
import { run } from "./docker";
import { BUCKET, OBJECT_STORE } from "./internet/object-store";
import { projectName, ROOT_SYSTEM, type LocalProject } from "./projects";
import type { CloudSettings } from "./settings";
import { writeStackConfig } from "./stack";
import { releaseDeadLocks } from "./stack-locks";
import { ROOT } from "./toolchain/versions";

/** Makes the stack and its config: the template's values, then what `homeport init` makes. */
export async function prepareStack(
  settings: CloudSettings,
  project: LocalProject,
  images: Readonly<Record<string, string>>,
): Promise<void> {
  const { host } = storeAccounts(settings);
  const environment = await cloudEnvironment(settings);
  writeStackConfig(settings, project, {
    ...images,
    HCLOUD_ENDPOINT: environment.HCLOUD_ENDPOINT ?? "",
    CLOUDFLARE_BASE_URL: environment.CLOUDFLARE_BASE_URL ?? "",
    ADMIN_CIDR: `${settings.gateway}/32`,
    EDGE_CIDR: settings.edgeRange,
    BACKUP_REPOSITORY: `s3:https://${OBJECT_STORE}/${BUCKET}/${repositoryOf(project)}`,
    BACKUP_ACCESS_KEY_ID: host.id,
  });
  const { registry, cloudflare } = ensureTokens(settings);
  const given = Object.entries(project.secrets).map((line) => line.join("="));
  await homeport(
    settings,
    project,
    ["init", "--stack", settings.name, "--registry-username", REGISTRY_USER, "--from-stdin"],
    {
      KAMAL_REGISTRY_PASSWORD: registry,
      HOMEPORT_BACKUP_SECRET_ACCESS_KEY: host.secret,
      HOMEPORT_ACME_DNS_TOKEN: cloudflare,
    },
    given.join("\n"),
  );
}

/** Where its backups go in the bucket; the root's have their system's name. */
function repositoryOf({ name, folder }: LocalProject): string {
  return folder === ROOT ? ROOT_SYSTEM : name;
}

/** Runs `homeport` as a user would, in the cloud's environment; its output is shown. */
export async function homeport(
  settings: CloudSettings,
  { folder }: LocalProject,
  args: readonly string[],
  extra: Readonly<Record<string, string>> = {},
  stdin = "",
): Promise<void> {
  await show(settings, folder, "node", [join(ROOT, "cli", "homeport.js"), ...args], extra, stdin);
}

/** `pulumi up` without a question. */
export async function pulumiUp(settings: CloudSettings, { folder }: LocalProject): Promise<void> {
  unlock(settings);
  await show(settings, folder, "pulumi", [
    "up",
    "--yes",
    "--skip-preview",
    "--stack",
    settings.name,
    "--suppress-progress",
  ]);
}

function unlock(settings: CloudSettings): void {
  for (const pid of releaseDeadLocks(backendFolder(settings), settings.name))
    process.stderr.write(
      `stack ${settings.name}: the lock of process ${pid}, which was killed, is released\n`,
    );
}

/** The first site's address, as the program exports it. */
export async function deployedUrl(settings: CloudSettings, { folder }: LocalProject): Promise<string> {
  const env = await cloudEnvironment(settings);
  return run("pulumi", ["stack", "output", "url", "--stack", settings.name], { cwd: folder, env });
}

async function show(
  settings: CloudSettings,
  cwd: string,
  command: string,
  args: readonly string[],
  extra: Readonly<Record<string, string>> = {},
  stdin = "",
): Promise<void> {
  const child = spawn(command, [...args], {
    cwd,
    env: { ...process.env, ...(await cloudEnvironment(settings)), ...extra },
    stdio: ["pipe", 2, 2],
  });
  child.stdin?.on("error", () => undefined); // most commands read nothing
  child.stdin?.end(stdin);
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`${command} ${args[0]} ended with ${code ?? "a signal"}`);
}

/**
 * Removes the cloud's own stack of each project from its backend, since all that they describe is gone. Their config
 * stays, and so does every other stack there.
 */
export async function forgetStacks(settings: CloudSettings, folders: readonly string[]): Promise<void> {
  const stacks = join(backendFolder(settings), ".pulumi", "stacks");
  const known = folders.filter((folder) =>
    existsSync(join(stacks, projectName(folder), `${settings.name}.json`)),
  );
  unlock(settings);
  for (const folder of known)
    await show(settings, folder, "pulumi", [
      ...["stack", "rm", "--yes", "--force", "--preserve-config", settings.name],
    ]);
}
