import { join } from "node:path";
import { parseImageRef } from "../../components/lib/image-ref";
import type { System } from "../../components/lib/system";
import { usage } from "../cli-error";
import { HOMEPORT_ROOT, userPath } from "../project";
import type { StackConfig } from "../pulumi";
import type { PushTarget } from "./image";

/** The image that runs now, as config names it. */
export function currentImage(config: StackConfig, service: string): string | undefined {
  const images = (config.get("homeport:images")?.object ?? {}) as Readonly<Record<string, string>>;
  return images[service];
}

/** The application's folder: as given, the sample of a local cloud, or `app` beside Pulumi.yaml. */
export function contextOf(given: string | undefined, config: StackConfig, system: System): string {
  if (given !== undefined) return userPath(given);
  // only a local cloud has an endpoint of its own
  const isLocal = config.has("hcloud:endpoint");
  return isLocal ? join(HOMEPORT_ROOT, "local-cloud", "apps", system.name) : join(process.cwd(), "app");
}

/**
 * Where the image goes: the repository that config names now, else `<registry>/<user>/<system>`.
 *
 * @throws CliError (usage) with every missing value at once.
 */
export function pushTargetOf(
  stack: string,
  config: StackConfig,
  system: System,
  service: string,
  env: NodeJS.ProcessEnv,
): PushTarget {
  const needed = ["homeport:registryUsername", "homeport:registryPassword"];
  const missing = needed.filter((key) => !config.has(key));
  if (missing.length > 0) {
    throw usage(
      ...missing.map((key) => `${key}: must be set, got nothing; fix: homeport init --stack ${stack}`),
    );
  }
  const username = config.get("homeport:registryUsername")?.value ?? "";
  const registry = config.get("homeport:registryServer")?.value ?? "ghcr.io";
  return {
    repository:
      repositoryOf(currentImage(config, service)) ?? `${registry}/${username.toLowerCase()}/${system.name}`,
    pushHost: env.HOMEPORT_REGISTRY_PUSH === "" ? undefined : env.HOMEPORT_REGISTRY_PUSH,
    username,
    password: config.get("homeport:registryPassword")?.value ?? "",
    workFolder: join(".homeport", stack, "docker"),
  };
}

/** An image reference without tag and digest. */
export function repositoryOf(image: string | undefined): string | undefined {
  const parsed = image === undefined ? undefined : parseImageRef(image);
  return parsed && `${parsed.registry}/${parsed.repository}`;
}

/** The service whose image is the application's own: the only one that the system leaves to stack config. */
export function applicationService(system: System): string {
  const own = Object.values(system.services).filter(({ image }) => image === undefined);
  const [service] = own;
  const [unit] = system.units;
  if (own.length === 0 && unit !== undefined && system.units.length === 1) return unit.name;
  if (service === undefined || own.length > 1) {
    throw usage(`system ${system.name}: which service is it? fix: homeport deploy --service NAME`);
  }
  return service.name;
}

/** Nothing of the system is an image to build. */
export function hasUnitsOnly(system: System): boolean {
  const images = Object.values(system.services).filter(({ image }) => image === undefined);
  return system.units.length > 0 && images.length === 0;
}

/** What a person does after an update that failed. */
export function afterFailedUpdate(
  stack: string,
  previous: string | undefined,
  now: string | undefined,
): string {
  const again = `homeport deploy --stack ${stack}`;
  if (previous === undefined || previous === now) return `the update failed, see above; fix: ${again}`;
  return `the update failed, see above; fix: ${again}, or, since what ran before still runs: ${again} --image ${previous}`;
}
