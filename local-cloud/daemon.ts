import "reflect-metadata"; // the certificate library wants it first
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { dirname, join } from "node:path";
import Fastify, { type FastifyInstance } from "fastify";
import { cloudflareApi } from "./cloudflare/api";
import { cloudflareControl } from "./cloudflare/control";
import { watchHealth } from "./cloudflare/health-status";
import { openCloudflare } from "./cloudflare/deps";
import { hetzner, type Hetzner } from "./hetzner/api";
import { fileStore } from "./hetzner/store";
import { dockerHosts } from "./hosts/docker-hosts";
import { acmeRoots, apiSocket } from "./internet/acme";
import { updateInternet } from "./internet/config";
import { internetPost } from "./internet/post";
import { cloudSettings, type CloudSettings } from "./settings";

/** Zones that exist before anything is asked for: a domain is bought, not made by a program. */
const ZONES = ["mxcorre.com"];
const BODY_LIMIT = 5 * 1024 * 1024;

/** The process behind both APIs. Reads its state, brings the hosts back, then listens on loopback. */
async function main(): Promise<void> {
  const settings = cloudSettings(process.argv[2]);
  const app = Fastify({ logger: { level: "warn" }, bodyLimit: BODY_LIMIT });
  const cloud = openHetzner(settings, app);
  const cloudflare = await openCloudflare({
    settings,
    tokens: [token(settings, "cloudflare")],
    zones: ZONES,
    post: internetPost(settings),
    onChange: (zones, turnstile, healthchecks) =>
      updateInternet(settings.stateDir, (config) => ({
        ...config,
        ...{ zones, healthchecks },
        ...(turnstile ? { turnstile } : {}),
      })),
  });
  watchHealth(cloudflare, settings, app);
  trustOrigins(settings, [cloudflare.originCa.certPem, cloudflare.localCa.certPem, acmeRoots(settings)]);

  app.get("/_control/health", () => ({ cloud: settings.name }));
  await app.register(cloud.api, { prefix: "/v1" });
  await app.register(cloud.control, { prefix: "/_control/hetzner" });
  await app.register(cloudflareApi(cloudflare), { prefix: "/client/v4" });
  await app.register(cloudflareControl(cloudflare), { prefix: "/_control" });
  await cloud.start();
  await app.listen({ host: "127.0.0.1", port: settings.port });
  const hosts = listenForHosts(settings, app);

  const stop = (): void => {
    hosts.close();
    void end(app, cloud);
  };
  process.on("SIGTERM", stop).on("SIGINT", stop);
}

/** The same once more on a socket: what stands in front of it in the network passes on Cloudflare's part alone. */
function listenForHosts(settings: CloudSettings, app: FastifyInstance): Server {
  const socket = apiSocket(settings);
  mkdirSync(dirname(socket), { recursive: true, mode: 0o700 });
  rmSync(socket, { force: true });
  return createServer((request, reply) => app.routing(request, reply)).listen(socket);
}

function openHetzner(settings: CloudSettings, app: FastifyInstance): Hetzner {
  return hetzner({
    settings,
    store: fileStore(join(settings.stateDir, "hetzner.json")),
    hosts: dockerHosts(settings),
    tokens: { readWrite: [token(settings, "hcloud")] },
    log: app.log,
    onReverse: (address, name) =>
      updateInternet(settings.stateDir, (config) => {
        const { [address]: _, ...others } = config.reverse;
        return { ...config, reverse: name === null ? others : { ...others, [address]: name } };
      }),
  });
}

/** What the edge believes an origin's certificate by: Cloudflare's own authority and the public ones. */
function trustOrigins(settings: CloudSettings, authorities: readonly string[]): void {
  updateInternet(settings.stateDir, (config) => ({ ...config, originTrust: authorities.join("\n") }));
}

function token(settings: CloudSettings, name: string): string {
  return readFileSync(join(settings.stateDir, "tokens", name), "utf8").trim();
}

async function end(app: FastifyInstance, cloud: Hetzner): Promise<void> {
  await app.close();
  await cloud.stop();
  process.exit(0);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
