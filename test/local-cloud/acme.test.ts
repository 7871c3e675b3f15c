import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { docker } from "../../local-cloud/docker";
import { ensureImages } from "../../local-cloud/images/images";
import {
  acmeNames,
  acmeRoots,
  acmeServer,
  apiSocket,
  hasAcme,
  trustAcme,
} from "../../local-cloud/internet/acme";
import { readInternet } from "../../local-cloud/internet/config";
import { ensureServices } from "../../local-cloud/internet/containers";
import { downNetwork, upNetwork } from "../../local-cloud/internet/network";
import { ensureDocker } from "../../local-cloud/machine/docker-daemon";
import { localProject, ROOT_SYSTEM } from "../../local-cloud/projects";
import { settingsFor } from "../../local-cloud/settings";
import { ACME_SERVER, ensureGoProgram } from "../../local-cloud/toolchain/go-program";

const DIRECTORY = "acme-v02.api.letsencrypt.org";
const PATIENCE_MS = 300_000; // the very first run builds pebble
const settings = { ...settingsFor("local-acmet", 31), stateDir: mkdtempSync(join(tmpdir(), "acme-")) };
let api: Server;

/** As a host asks: by name, over TLS that the local authority vouches for. */
function ask(host: string, path: string): Promise<{ status: number; body: string }> {
  const ca = readFileSync(join(settings.stateDir, "ca", "ca.crt"));
  const headers = { host, "user-agent": "test" };
  const options = { host: settings.acme, servername: host, headers, path, ca, agent: false };
  return new Promise((resolve, reject) => {
    request(options, (reply) => {
      void reply.toArray().then((chunks: Buffer[]) => {
        resolve({ status: reply.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
      }, reject);
    })
      .on("error", reject)
      .end();
  });
}

describe("the ACME server of the local cloud", () => {
  beforeAll(async () => {
    const quiet = (): void => undefined;
    await ensureDocker(quiet);
    await ensureImages(["services"], quiet);
    await ensureGoProgram(ACME_SERVER, quiet);
    mkdirSync(dirname(apiSocket(settings)), { recursive: true });
    api = createServer((asked, answer) => answer.end(asked.url)).listen(apiSocket(settings));
    await upNetwork(settings);
  }, PATIENCE_MS);

  afterAll(async () => {
    await docker(["rm", "--force", `${settings.prefix}-acme`]);
    await downNetwork(settings);
    api.close();
    rmSync(settings.stateDir, { recursive: true });
  });

  it("is there for who asks for it alone", () => {
    expect(localProject(ROOT_SYSTEM).acme).toBe(false);
    expect(hasAcme(settings)).toBe(false);
    expect(acmeNames(settings)[DIRECTORY]).toBe(settings.acme);
  });

  it("answers as Let's Encrypt does, and the edge believes its root, also that of a later start", async () => {
    await ensureServices(settings, [await acmeServer(settings)]);
    expect(hasAcme(settings)).toBe(true);
    const { status, body } = await ask(DIRECTORY, "/directory");
    expect(status, body).toBe(200);
    expect((JSON.parse(body) as { newOrder: string }).newOrder).toMatch(`https://${DIRECTORY}/`);
    await trustAcme(settings);
    const first = acmeRoots(settings);
    expect(readInternet(settings.stateDir).originTrust).toContain(first.trim());

    await docker(["restart", "--time", "1", `${settings.prefix}-acme`]);
    await trustAcme(settings);
    expect(acmeRoots(settings)).not.toBe(first);
    expect(acmeRoots(settings)).toContain(first.trim());
    const roots = acmeRoots(settings)
      .split(/(?<=-----END CERTIFICATE-----)\n+/)
      .filter((each) => each !== "");
    expect(roots).toHaveLength(2);
    for (const root of roots) expect(readInternet(settings.stateDir).originTrust).toContain(root.trim());
  }, 60_000);

  it("passes Cloudflare's API on to hosts, and no other API of the daemon", async () => {
    expect((await ask("api.cloudflare.com", "/client/v4/zones?name=a.test")).body).toBe(
      "/client/v4/zones?name=a.test",
    );
    for (const path of ["/v1/servers", "/client/v4/../../_control/health", "/_control/health"]) {
      expect((await ask("api.cloudflare.com", path)).body).toBe("/client/v4/");
    }
  });
});
