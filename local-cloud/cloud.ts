import { rmSync } from "node:fs";
import { join } from "node:path";
import { startDaemon, stopDaemon } from "./daemon-process";
import { ensureTokens, storeAccounts } from "./environment";
import { dockerHosts } from "./hosts/docker-hosts";
import { ensureImages, imageTag } from "./images/images";
import { forgetTrusting, trusting } from "./images/trusting";
import { hasAcme } from "./internet/acme";
import { downInternet, upInternet } from "./internet/internet";
import { push } from "./internet/registries";
import { ensureDocker, stopOwnDocker } from "./machine/docker-daemon";
import { ensurePackages } from "./machine/packages";
import type { LocalProject } from "./projects";
import { otherClouds, type CloudSettings } from "./settings";
import { ACME_SERVER, ensureGoProgram, S3_SERVER } from "./toolchain/go-program";
import { ensureToolchain } from "./toolchain/install";
import type { Report } from "./toolchain/progress";
import { ensureZone } from "./zone";

/** User of the cloud's ghcr.io account. */
export const REGISTRY_USER = "mxcorre";

/**
 * Brings the machine and the cloud to where `pulumi up` can run: packages, Docker, toolchain, images, the small
 * internet, the APIs. Every part is left alone where it is right already.
 *
 * @returns what stands for each of the project's images in its template: references by digest.
 */
export async function up(
  settings: CloudSettings,
  project: LocalProject,
  report: Report,
): Promise<Record<string, string>> {
  await ensurePackages(report);
  await ensureDocker(report);
  const toolchain = ensureToolchain(report);
  toolchain.catch(() => undefined); // looked at below, whatever fails first
  await ensureImages(["host", "services", ...project.images.map(({ build }) => build)], report);
  const tokens = ensureTokens(settings);
  await ensureGoProgram(S3_SERVER, report);
  const isAcme = project.acme || hasAcme(settings);
  if (isAcme) await ensureGoProgram(ACME_SERVER, report);
  const login = { user: REGISTRY_USER, token: tokens.registry };
  await upInternet(settings, { login, accounts: storeAccounts(settings), isAcme }, report);
  const [references] = await Promise.all([pushAll(settings, project), startDaemon(settings), toolchain]);
  await ensureZone(settings, project);
  return references;
}

async function pushAll(settings: CloudSettings, project: LocalProject): Promise<Record<string, string>> {
  const pushed = project.images.map(async ({ variable, build, registry, name }) => {
    // the official ones ask nobody
    const image = registry === "ghcr.io" ? await trusting(settings, imageTag(build)) : imageTag(build);
    return [variable, await push(settings, registry, image, name)] as const;
  });
  return Object.fromEntries(await Promise.all(pushed));
}

/** What describes the cloud that stood: both APIs' accounts, its internet, and what its stack was given. */
const WORLD = [
  "hetzner.json",
  "cloudflare.json",
  "internet",
  "ca",
  "s3",
  "given",
  "acme",
  "apis",
  "daemon.log",
  "daemon.version",
];

/** Takes the cloud away: processes, hosts, containers, network, filters, and what described them. */
export async function demolish(settings: CloudSettings, report: Report): Promise<void> {
  await stopDaemon(settings);
  await dockerHosts(settings).down();
  await downInternet(settings);
  await forgetTrusting(settings);
  for (const name of WORLD) rmSync(join(settings.stateDir, name), { recursive: true, force: true });
  report(`${settings.name}: no container, network or process is left`);
  if (otherClouds(settings.name).length === 0) await stopOwnDocker(report);
}
