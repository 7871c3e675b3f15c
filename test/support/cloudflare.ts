import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fastify, { type FastifyInstance } from "fastify";
import { cloudflareApi } from "../../local-cloud/cloudflare/api";
import { newToken } from "../../local-cloud/cloudflare/auth";
import { cloudflareControl } from "../../local-cloud/cloudflare/control";
import { openCloudflare } from "../../local-cloud/cloudflare/deps";
import type { EdgeZone } from "../../local-cloud/cloudflare/edge-zones";
import { settingsFor } from "../../local-cloud/settings";

export interface TestCloudflare {
  readonly app: FastifyInstance;
  readonly stateDir: string;
  readonly token: string;
  /** What the edge was last told. */
  edge(): readonly EdgeZone[];
  /** The base address of the API on a loopback port. */
  listen(): Promise<string>;
}

/** Cloudflare's API with the zone example.com in a folder of its own, or with the state that `stateDir` holds. */
export async function startCloudflare(
  stateDir = mkdtempSync(join(tmpdir(), "homeport-cloudflare-")),
): Promise<TestCloudflare> {
  const token = newToken();
  let zones: readonly EdgeZone[] = [];
  const deps = await openCloudflare({
    settings: { ...settingsFor("local-test", 1), stateDir },
    tokens: [token],
    zones: ["example.com"],
    onChange: (now) => {
      zones = now;
    },
  });
  const app = fastify({ forceCloseConnections: true });
  await app.register(cloudflareApi(deps), { prefix: "/client/v4" });
  await app.register(cloudflareControl(deps), { prefix: "/_control" });
  const listen = async (): Promise<string> => `${await app.listen({ host: "127.0.0.1", port: 0 })}/client/v4`;
  return { app, stateDir, token, edge: () => zones, listen };
}
