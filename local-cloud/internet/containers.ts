import { createHash } from "node:crypto";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { docker } from "../docker";
import { imageSource, imageTag, type ImageName } from "../images/images";
import type { CloudSettings } from "../settings";
import { cloudLabel } from "./network";

/** A container of the small internet. */
export interface Service {
  /** Follows the cloud's prefix. */
  readonly name: string;
  readonly address: string;
  readonly image: ImageName;
  /** Options of `docker run`. */
  readonly options: readonly string[];
  readonly command: readonly string[];
  /** What else, when it changes, calls for a new container: contents of mounted files. */
  readonly contents: readonly string[];
  /** TCP port that answers once it is ready. */
  readonly port?: number;
}

const SPEC = "homeport.service"; // label: hash of what a container was made from
const READY_MS = 15_000;

/** Makes the services run as described, side by side. Those that do already cost one `docker ps` together. */
export async function ensureServices(settings: CloudSettings, services: readonly Service[]): Promise<void> {
  const there = await runningSpecs(settings);
  const stale = services.filter((service) => there.get(nameOf(settings, service)) !== specOf(service));
  await Promise.all(stale.map((service) => replace(settings, service)));
}

/** Whether every service runs as described. */
export async function allRun(settings: CloudSettings, services: readonly Service[]): Promise<boolean> {
  const there = await runningSpecs(settings);
  return services.every((service) => there.get(nameOf(settings, service)) === specOf(service));
}

function nameOf(settings: CloudSettings, service: Service): string {
  return `${settings.prefix}-${service.name}`;
}

function specOf(service: Service): string {
  return createHash("sha256")
    .update(JSON.stringify([service, imageSource(service.image)]))
    .digest("hex");
}

async function runningSpecs(settings: CloudSettings): Promise<Map<string, string>> {
  const filters = ["--filter", `label=${cloudLabel(settings)}`, "--filter", `label=${SPEC}`];
  const rows = await docker(["ps", ...filters, "--format", `{{.Names}}\t{{.Label "${SPEC}"}}`]);
  return new Map(rows.split("\n").map((row) => row.split("\t") as [string, string]));
}

async function replace(settings: CloudSettings, service: Service): Promise<void> {
  const name = nameOf(settings, service);
  await docker(["rm", "--force", name]).catch((error: unknown) => {
    if (!/no such container/i.test(String(error))) throw error;
  });
  await docker([
    ...["run", "--detach", "--name", name, "--hostname", service.name.replaceAll(".", "-")],
    ...["--network", settings.prefix, "--ip", service.address, "--restart", "unless-stopped"],
    ...["--label", cloudLabel(settings), "--label", `${SPEC}=${specOf(service)}`],
    ...["--log-opt", "max-size=10m", ...service.options, imageTag(service.image), ...service.command],
  ]);
  if (service.port !== undefined) await answering(name, service.address, service.port);
}

async function answering(name: string, address: string, port: number): Promise<void> {
  const patience = Date.now() + READY_MS;
  while (!(await takes(address, port))) {
    if (Date.now() > patience) {
      throw new Error(`${name}: must answer on ${address}:${port}; fix: docker logs ${name}`);
    }
    await sleep(30);
  }
}

function takes(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: 1000 });
    const end = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", end(true)).once("error", end(false)).once("timeout", end(false));
  });
}
