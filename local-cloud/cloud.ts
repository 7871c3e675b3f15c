import { rmSync } from "node:fs";
import { join } from "node:path";
import { startDaemon, stopDaemon } from "./daemon-process";
import { ensureTokens, storeAccounts } from "./environment";
import { dockerHosts } from "./hosts/docker-hosts";
import { ensureImages, imageTag, type ImageName } from "./images/images";
import { downInternet, upInternet } from "./internet/internet";
import { push } from "./internet/registries";
import { ensureDocker, stopOwnDocker } from "./machine/docker-daemon";
import { ensurePackages } from "./machine/packages";
import { otherClouds, type CloudSettings } from "./settings";
import { ensureToolchain } from "./toolchain/install";
import { ensureS3Server } from "./toolchain/s3";
import type { Report } from "./toolchain/progress";

/** What a system's stack pulls, under the names that the stack config uses. */
interface SystemImages {
  readonly public: Readonly<Record<string, ImageName>>;
  readonly own: { readonly name: string; readonly image: ImageName };
}

const SYSTEMS: Readonly<Record<string, SystemImages>> = {
  "running-calendar": {
    public: { "library/postgres:17": "postgres", "library/caddy:2": "caddy" },
    own: { name: "mxcorre/running-calendar:local", image: "running-calendar" },
  },
};

/** User of the cloud's ghcr.io account. */
export const REGISTRY_USER = "mxcorre";

/**
 * Brings the machine and the cloud to where `pulumi up` can run: packages, Docker, toolchain, images, the small
 * internet, the APIs. Every part is left alone where it is right already.
 *
 * @returns the reference, by digest, of the system's own image.
 */
export async function up(settings: CloudSettings, system: string, report: Report): Promise<string> {
  const images = SYSTEMS[system];
  if (images === undefined) {
    throw new Error(`no system ${JSON.stringify(system)}; there is: ${Object.keys(SYSTEMS).join(", ")}`);
  }
  await ensurePackages(report);
  await ensureDocker(report);
  const toolchain = ensureToolchain(report);
  toolchain.catch(() => undefined); // looked at below, whatever fails first
  await ensureImages(["host", "services", ...Object.values(images.public), images.own.image], report);
  const tokens = ensureTokens(settings);
  await ensureS3Server(report);
  const login = { user: REGISTRY_USER, token: tokens.registry };
  await upInternet(settings, login, storeAccounts(settings), report);
  const [own] = await Promise.all([pushAll(settings, images), startDaemon(settings), toolchain]);
  return own;
}

async function pushAll(settings: CloudSettings, images: SystemImages): Promise<string> {
  const own = push(settings, "ghcr.io", imageTag(images.own.image), images.own.name);
  const others = Object.entries(images.public).map(([name, image]) =>
    push(settings, "docker.io", imageTag(image), name),
  );
  await Promise.all([own, ...others]);
  return own;
}

/** What describes the cloud that stood: both APIs' accounts, its internet, and what its stack was given. */
const WORLD = [
  "hetzner.json",
  "cloudflare.json",
  "internet",
  "ca",
  "s3",
  "given.json",
  "daemon.log",
  "daemon.version",
];

/** Takes the cloud away: processes, hosts, containers, network, filters, and what described them. */
export async function demolish(settings: CloudSettings, report: Report): Promise<void> {
  await stopDaemon(settings);
  await dockerHosts(settings).down();
  await downInternet(settings);
  for (const name of WORLD) rmSync(join(settings.stateDir, name), { recursive: true, force: true });
  report(`${settings.name}: no container, network or process is left`);
  if (otherClouds(settings.name).length === 0) await stopOwnDocker(report);
}
