import "reflect-metadata";
import { createPublicKey, webcrypto } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import fastify, { type FastifyInstance } from "fastify";
import { cloudflareApi } from "../../local-cloud/cloudflare/api";
import { newToken } from "../../local-cloud/cloudflare/auth";
import { cloudflareControl } from "../../local-cloud/cloudflare/control";
import { openCloudflare } from "../../local-cloud/cloudflare/deps";
import type { InternetZone } from "../../local-cloud/internet/config";
import { settingsFor } from "../../local-cloud/settings";

export interface TestCloudflare {
  readonly app: FastifyInstance;
  readonly stateDir: string;
  readonly token: string;
  /** What the edge was last told. */
  edge(): readonly InternetZone[];
  /** The base address of the API on a loopback port. */
  listen(): Promise<string>;
}

/** Cloudflare's API with the zone example.com in a folder of its own, or with the state that `stateDir` holds. */
export async function startCloudflare(
  stateDir = mkdtempSync(join(tmpdir(), "homeport-cloudflare-")),
): Promise<TestCloudflare> {
  const token = newToken();
  let zones: readonly InternetZone[] = [];
  const deps = await openCloudflare({
    settings: { ...settingsFor("local-test", 1), stateDir },
    tokens: [token],
    zones: ["example.com"],
    onChange: (now) => {
      zones = now;
    },
  });
  const app = fastify();
  await app.register(cloudflareApi(deps), { prefix: "/client/v4" });
  await app.register(cloudflareControl(deps), { prefix: "/_control" });
  const listen = async (): Promise<string> => `${await app.listen({ host: "127.0.0.1", port: 0 })}/client/v4`;
  return { app, stateDir, token, edge: () => zones, listen };
}

/** A certificate request, and the public key in it (both PEM). */
export async function newRequest(): Promise<{ csr: string; publicKey: string }> {
  const signingAlgorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = (await webcrypto.subtle.generateKey(signingAlgorithm, true, [
    "sign",
    "verify",
  ])) as webcrypto.CryptoKeyPair;
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    name: "CN=other",
    keys,
    signingAlgorithm,
  });
  const spki = Buffer.from(await webcrypto.subtle.exportKey("spki", keys.publicKey));
  const publicKey = createPublicKey({ key: spki, format: "der", type: "spki" });
  return {
    csr: csr.toString("pem"),
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
}
