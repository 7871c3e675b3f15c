import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { request } from "node:https";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureCa } from "../ca";
import type { CloudSettings } from "../settings";
import { bundle } from "../toolchain/bundle";
import { ACME_SERVER, goProgram } from "../toolchain/go-program";
import { updateInternet } from "./config";
import type { Service } from "./containers";
import { keepFile, keptCertificate, readKept } from "./kept-files";

/** Let's Encrypt, production and staging, which are one here; and the API that a host proves its names with. */
const NAMES = [
  "acme-v02.api.letsencrypt.org",
  "acme-staging-v02.api.letsencrypt.org",
  "api.cloudflare.com",
] as const;
const PATIENCE_MS = 15_000;

/** Whether this cloud has had an ACME server since it was made. */
export function hasAcme(settings: CloudSettings): boolean {
  return existsSync(acmeFolder(settings));
}

/** Where the daemon answers the hosts' calls of Cloudflare's API. */
export function apiSocket(settings: Pick<CloudSettings, "stateDir">): string {
  return join(settings.stateDir, "apis", "apis.sock");
}

/** The names of the ACME server, and of what stands beside it, for DNS. */
export function acmeNames(settings: CloudSettings): Record<string, string> {
  return Object.fromEntries(NAMES.map((name) => [name, settings.acme]));
}

/** Pebble, which asks this cloud's DNS and calls back on ports 80 and 443 as Let's Encrypt does. */
export async function acmeServer(settings: CloudSettings): Promise<Service> {
  const ca = await ensureCa(join(settings.stateDir, "ca"), "ca", "Homeport local CA");
  const folder = acmeFolder(settings);
  const front = join(settings.cacheDir, "build", "internet", "acme-front.js");
  await bundle(join(__dirname, "acme-front.ts"), front);
  const files: Record<string, string> = {
    ...(await keptCertificate(folder, ca, NAMES)),
    "pebble.json": JSON.stringify({ pebble: PEBBLE }),
  };
  const apis = dirname(apiSocket(settings));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  mkdirSync(apis, { recursive: true, mode: 0o700 });
  for (const [file, text] of Object.entries(files)) keepFile(join(folder, file), text);
  const environment = ["PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0"].flatMap((each) => ["--env", each]);
  return {
    name: "acme",
    address: settings.acme,
    image: "services",
    options: [
      ...["--volume", `${folder}:/acme:ro`, "--volume", `${front}:/front.js:ro`],
      ...["--volume", `${apis}:/apis:ro`],
      ...["--volume", `${goProgram(ACME_SERVER)}:/usr/local/bin/pebble:ro`, ...environment],
    ],
    command: [
      "sh",
      "-c",
      `node /front.js & exec pebble -config /acme/pebble.json -dnsserver ${settings.dns}:53`,
    ],
    contents: [createHash("sha256").update(JSON.stringify(files)).update(readFileSync(front)).digest("hex")],
    port: 443,
  };
}

const PEBBLE = {
  listenAddress: "127.0.0.1:14000",
  managementListenAddress: "127.0.0.1:15000",
  certificate: "/acme/tls.crt",
  privateKey: "/acme/tls.key",
  httpPort: 80,
  tlsPort: 443,
  keyAlgorithm: "ecdsa",
  retryAfter: { authz: 1, order: 1 },
  profiles: { default: { description: "as Let's Encrypt's classic one", validityPeriod: 90 * 24 * 3600 } },
};

/** Roots that this cloud's ACME server has had: it makes one at each start, and certificates outlive that. */
export function acmeRoots(settings: CloudSettings): string {
  return readKept(rootsFile(settings));
}

/** Has the edge believe what the ACME server issues from now on. */
export async function trustAcme(settings: CloudSettings): Promise<void> {
  const root = await rootOf(settings);
  const known = acmeRoots(settings);
  if (!known.includes(root.trim())) keepFile(rootsFile(settings), `${known}${root.trim()}\n`);
  updateInternet(settings.stateDir, (config) =>
    config.originTrust.includes(root.trim())
      ? config
      : { ...config, originTrust: `${config.originTrust}\n${root}` },
  );
}

function acmeFolder(settings: CloudSettings): string {
  return join(settings.stateDir, "acme");
}

function rootsFile(settings: CloudSettings): string {
  return join(acmeFolder(settings), "roots.pem");
}

async function rootOf(settings: CloudSettings): Promise<string> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const text = await askRoot(settings).catch(() => "");
    if (text.includes("BEGIN CERTIFICATE")) return text;
    if (Date.now() > deadline) throw new Error("acme: must give its root certificate, but does not");
    await sleep(50);
  }
}

function askRoot(settings: CloudSettings): Promise<string> {
  const ca = readFileSync(join(settings.stateDir, "ca", "ca.crt"));
  const options = { host: settings.acme, path: "/roots/0", servername: NAMES[0], ca, agent: false };
  return new Promise((resolve, reject) => {
    request({ ...options, timeout: 2000 }, (reply) => {
      void reply.toArray().then((chunks: Buffer[]) => resolve(Buffer.concat(chunks).toString()), reject);
    })
      .on("timeout", function (this: { destroy: () => void }) {
        this.destroy();
      })
      .on("error", reject)
      .end();
  });
}
