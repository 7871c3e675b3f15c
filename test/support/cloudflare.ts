import "reflect-metadata";
import { createPublicKey, webcrypto } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import fastify, { type FastifyInstance } from "fastify";
import { cloudflareApi } from "../../local-cloud/cloudflare/api";
import { newToken } from "../../local-cloud/cloudflare/auth";
import { cloudflareControl } from "../../local-cloud/cloudflare/control";
import { openCloudflare, type CloudflareDeps, type Post } from "../../local-cloud/cloudflare/deps";
import type { InternetHealthcheck, InternetTurnstile, InternetZone } from "../../local-cloud/internet/config";
import { settingsFor } from "../../local-cloud/settings";

export type Row = Record<string, unknown> & { readonly id: string };

interface Fault {
  readonly code: number;
  readonly message: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: {
    success: boolean;
    errors: readonly Fault[];
    messages: readonly Fault[];
    result_info: object;
  };
  /** The result, where it is an object. */
  readonly result: Row;
  /** The result, where it is a list. */
  readonly rows: readonly Row[];
}

/** Codes of the errors in an answer. */
export const codes = ({ body }: Answer): number[] => body.errors.map(({ code }) => code);

export interface TestCloudflare {
  readonly app: FastifyInstance;
  readonly stateDir: string;
  readonly token: string;
  /** What the edge was last told. */
  edge(): readonly InternetZone[];
  readonly deps: CloudflareDeps;
  /** The health checks that the edge was last told of. */
  healthchecks(): readonly InternetHealthcheck[];
  /** What the edge was last told of Turnstile. */
  turnstile(): InternetTurnstile | undefined;
  /** The base address of the API on a loopback port. */
  listen(): Promise<string>;
  /** A request with the token (a header that is undefined is left out), without a network. Text is sent as it is, everything else as JSON. */
  call(method: string, path: string, payload?: unknown, headers?: object): Promise<Answer>;
  /** Of example.com. */
  zoneId(): Promise<string>;
  /** Ends it and removes its folder. */
  remove(): Promise<void>;
}

/** Cloudflare's API with the zone example.com in a folder of its own, or with the state that `stateDir` holds. */
export async function startCloudflare(
  stateDir = mkdtempSync(join(tmpdir(), "homeport-cloudflare-")),
  post?: Post,
): Promise<TestCloudflare> {
  const token = newToken();
  let zones: readonly InternetZone[] = [];
  let healthchecks: readonly InternetHealthcheck[] = [];
  let turnstile: InternetTurnstile | undefined;
  const deps = await openCloudflare({
    settings: { ...settingsFor("local-test", 1), stateDir },
    tokens: [token],
    zones: ["example.com"],
    ...(post ? { post } : {}),
    onChange: (now, widgets, probes) => {
      zones = now;
      turnstile = widgets;
      healthchecks = probes;
    },
  });
  const app = fastify();
  await app.register(cloudflareApi(deps), { prefix: "/client/v4" });
  await app.register(cloudflareControl(deps), { prefix: "/_control" });
  const listen = async (): Promise<string> => `${await app.listen({ host: "127.0.0.1", port: 0 })}/client/v4`;
  const call = (...request: Parameters<TestCloudflare["call"]>): Promise<Answer> =>
    send(app, token, ...request);
  const zoneId = async (): Promise<string> =>
    (await call("GET", "/zones?name=example.com")).rows[0]?.id ?? "";
  const remove = async (): Promise<void> => {
    await app.close();
    rmSync(stateDir, { recursive: true, force: true });
  };
  return {
    app,
    stateDir,
    token,
    edge: () => zones,
    turnstile: () => turnstile,
    deps,
    healthchecks: () => healthchecks,
    listen,
    call,
    zoneId,
    remove,
  };
}

async function send(
  app: FastifyInstance,
  token: string,
  ...[method, path, payload, headers]: Parameters<TestCloudflare["call"]>
): Promise<Answer> {
  const defaults = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const given = Object.entries<string | undefined>({ ...defaults, ...headers });
  const answer = await app.inject({
    method: method as "GET",
    url: `/client/v4${path}`,
    headers: Object.fromEntries(given.filter(([, value]) => value !== undefined)),
    ...(payload === undefined
      ? {}
      : { payload: typeof payload === "string" ? payload : JSON.stringify(payload) }),
  });
  const text = answer.body === "" ? "{}" : answer.body; // a deletion may answer 204
  const body = JSON.parse(text) as Answer["body"] & { result: unknown };
  const rows = Array.isArray(body.result) ? (body.result as Row[]) : [];
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body,
    result: (body.result ?? {}) as Row,
    rows,
  };
}

/** A certificate request, and the public key in it (both PEM). */
export async function newRequest(): Promise<{ csr: string; publicKey: string }> {
  const signingAlgorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(signingAlgorithm, true, ["sign", "verify"]);
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
