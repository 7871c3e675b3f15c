import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ensureCa } from "../ca";
import { docker } from "../docker";
import type { CloudSettings } from "../settings";
import { bundle } from "../toolchain/bundle";
import type { Report } from "../toolchain/progress";
import { CHALLENGES_HOST } from "./edge/turnstile";
import { edgeReports, internetFolder, updateInternet } from "./config";
import { allRun, ensureServices, type Service } from "./containers";
import { objectStore, objectStoreNames, type S3Accounts } from "./object-store";
import { acmeNames, acmeServer, hasAcme, trustAcme } from "./acme";
import { cloudLabel, downNetwork, filterBridges, upNetwork } from "./network";
import { registries, registryNames, type RegistryLogin } from "./registry-services";
import { upstreamResolver } from "./upstream";
import { visitor } from "./visitor";

export interface InternetParts {
  readonly login: RegistryLogin;
  readonly accounts: S3Accounts;
  /** Whether some system asks an ACME server for certificates. */
  readonly isAcme: boolean;
}

/**
 * Brings up the network and what a server needs on it: DNS, edge, registries, object store, and a visitor. What runs as it should
 * is left alone. The images must be there.
 */
export async function upInternet(
  settings: CloudSettings,
  { login, accounts, isAcme }: InternetParts,
  report: Report,
): Promise<void> {
  await ensureCa(join(settings.stateDir, "ca"), "ca", "Homeport local CA");
  updateInternet(settings.stateDir, (config) => ({
    ...config,
    edge: settings.edge,
    upstream: upstreamResolver(),
    names: {
      ...config.names,
      [CHALLENGES_HOST]: settings.edge,
      ...registryNames(settings),
      ...objectStoreNames(settings),
      ...(isAcme ? acmeNames(settings) : {}),
    },
  }));
  const programs = [
    program(settings, "dns", "dns.ts", settings.dns, 53),
    program(settings, "edge", "edge/main.ts", settings.edge, 443),
  ];
  const services = [
    ...(await Promise.all(programs)),
    ...(await registries(settings, login)),
    await objectStore(settings, accounts),
    ...(isAcme ? [await acmeServer(settings)] : []),
    visitor(settings),
  ];
  if (await allRun(settings, services)) return filterBridges();
  report("internet: starting DNS, edge, registries, object store and a visitor");
  const began = Date.now();
  await upNetwork(settings);
  await ensureServices(settings, services);
  if (isAcme) await trustAcme(settings);
  report(`internet: up in ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

/** Off and on again, as after a reboot of the machine: images in the registries and all configuration stay. */
export async function restartInternet(settings: CloudSettings): Promise<void> {
  const names = ["dns", "edge", "docker.io", "ghcr.io", "s3", "visitor"];
  const isAcme = hasAcme(settings);
  const all = [...names, ...(isAcme ? ["acme"] : [])].map((name) => `${settings.prefix}-${name}`);
  await docker(["restart", "--time", "1", ...all]);
  if (isAcme) await trustAcme(settings);
}

/** Takes away every container, volume and network of the cloud, hosts included if there are any left. */
export async function downInternet(settings: CloudSettings): Promise<void> {
  const ours = ["--filter", `label=${cloudLabel(settings)}`];
  const containers = await docker(["ps", "--all", "--quiet", ...ours]);
  if (containers !== "") await docker(["rm", "--force", "--volumes", ...containers.split("\n")]);
  const volumes = await docker(["volume", "ls", "--quiet", ...ours]);
  if (volumes !== "") await docker(["volume", "rm", ...volumes.split("\n")]);
  await downNetwork(settings);
}

/** A program of ours as one file in a container, with the configuration's folder beside it. */
async function program(
  settings: CloudSettings,
  name: string,
  entry: string,
  address: string,
  port: number,
): Promise<Service> {
  const file = join(settings.cacheDir, "build", "internet", `${name}.js`);
  await bundle(join(__dirname, entry), file);
  const folder = internetFolder(settings.stateDir);
  const resolver = `echo "nameserver ${settings.dns}" >/etc/resolv.conf`; // for origins that are names
  return {
    name,
    address,
    image: "services",
    options: [
      ...["--volume", `${file}:/${name}.js:ro`, "--volume", `${folder}:/internet:ro`],
      ...["--volume", `${edgeReports(settings.stateDir)}:/reports`],
    ],
    command: [
      "sh",
      "-c",
      `${name === "dns" ? "" : `${resolver}; `}exec node /${name}.js /internet/config.json`,
    ],
    contents: [createHash("sha256").update(readFileSync(file)).digest("hex")],
    port,
  };
}
