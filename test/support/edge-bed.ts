import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import type * as net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as tls from "node:tls";
import { afterAll, afterEach, beforeAll, beforeEach, vi } from "vitest";
import { type Ca, ensureCa, issueServerCertificate } from "../../local-cloud/ca";
import type { InternetConfig, InternetRecord, InternetTurnstile } from "../../local-cloud/internet/config";
import type { EdgeRules } from "../../local-cloud/rules/edge-rules";
import { CHALLENGES_HOST } from "../../local-cloud/internet/edge/turnstile";
import { type Edge, startEdge } from "../../local-cloud/internet/edge/server";
import { signedBy } from "./certificates";

export const ZONE = "example.com";
export const record = (name: string, type: string, content: string, proxied = true): InternetRecord => ({
  name,
  type,
  content,
  proxied,
  ttl: 1,
});

export interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** Apex by address, www by alias, both proxied. */
export const RECORDS = [record(ZONE, "A", "127.0.0.1"), record(`www.${ZONE}`, "CNAME", ZONE)];

/** An edge on loopback for each test, ssl strict, with origins that the test starts. */
export function edgeBed() {
  const folder = mkdtempSync(join(tmpdir(), "homeport-edge-"));
  const open: (net.Server | tls.Server)[] = [];
  let localCa: Ca;
  let originCa: Ca;
  let fresh: InternetConfig;
  let config: InternetConfig;
  let edge: Edge;
  let originPorts = { http: 1, https: 1 };
  let now = 0;

  beforeAll(async () => {
    localCa = await ensureCa(folder, "ca", "test CA");
    originCa = await ensureCa(folder, "origin-ca", "test Origin CA");
    const certificate = await issueServerCertificate(localCa, [ZONE, `*.${ZONE}`]);
    fresh = {
      edge: "198.19.0.20",
      upstream: "",
      names: {},
      reverse: {},
      originTrust: originCa.certPem + localCa.certPem,
      zones: [{ name: ZONE, settings: {}, records: RECORDS, certificate }],
    };
  });
  beforeEach(async () => {
    vi.spyOn(console, "log").mockImplementation(() => undefined);
    originPorts = { http: 1, https: 1 };
    config = fresh;
    zone({ ssl: "strict" });
    const ports = {
      get http() {
        return originPorts.http;
      },
      get https() {
        return originPorts.https;
      },
    };
    edge = await startEdge({
      config: () => config,
      address: "127.0.0.1",
      ports: { http: 0, https: 0 },
      originPorts: ports,
      connectTimeout: 300,
      replyTimeout: 300,
      now: () => now,
    });
  });
  afterEach(async () => {
    await edge.close();
    for (const server of open.splice(0)) {
      if ("closeAllConnections" in server) (server as http.Server).closeAllConnections();
      server.close();
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function zone(
    settings: Record<string, unknown>,
    records: readonly InternetRecord[] = RECORDS,
    rules: EdgeRules = {},
  ): void {
    const [first] = config.zones;
    if (first)
      config = {
        ...config,
        zones: [{ ...first, settings: { ...first.settings, ...settings }, records, rules }],
      };
  }

  const turnstile = async (widgets: InternetTurnstile["widgets"]): Promise<void> => {
    const certificate = await issueServerCertificate(localCa, [CHALLENGES_HOST]);
    config = { ...config, turnstile: { certificate, widgets } };
  };
  const echo: http.RequestListener = (request, response) => {
    response.setHeader("Server", "origin");
    response.end(JSON.stringify({ url: request.url, headers: request.headers }));
  };
  async function listen(server: net.Server): Promise<number> {
    open.push(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as net.AddressInfo).port;
  }
  const plainOrigin = async (listener = echo): Promise<void> => {
    originPorts = { ...originPorts, http: await listen(http.createServer(listener)) };
  };
  const tlsOrigin = async (
    identity: { cert: string; key: string },
    listener = echo,
  ): Promise<https.Server> => {
    const server = https.createServer(identity, listener);
    originPorts = { ...originPorts, https: await listen(server) };
    return server;
  };
  const goodOrigin = async (listener = echo): Promise<https.Server> =>
    tlsOrigin(await signedBy(originCa, [ZONE, `*.${ZONE}`]), listener);

  const trust = (): https.RequestOptions => ({ ca: localCa.certPem, agent: false });
  function visit(url: string, options: https.RequestOptions = {}, body?: string): Promise<Reply> {
    const { protocol, hostname, pathname } = new URL(url);
    const secure = protocol === "https:";
    const common = {
      host: "127.0.0.1",
      port: secure ? edge.ports.https : edge.ports.http,
      path: pathname,
      ...trust(),
      ...options,
      headers: { host: hostname, ...(options.headers as http.OutgoingHttpHeaders) },
    };
    return new Promise((resolve, reject) => {
      const request = secure ? https.request({ servername: hostname, ...common }) : http.request(common);
      request.on("error", reject);
      request.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      });
      request.end(body);
    });
  }
  const seen = (reply: Reply): http.IncomingHttpHeaders =>
    (JSON.parse(reply.body) as { headers: http.IncomingHttpHeaders }).headers;
  const status = async (url = `https://${ZONE}/`): Promise<number> => (await visit(url)).status;
  const useOrigin = async (server: net.Server, scheme: "http" | "https" = "https"): Promise<void> => {
    originPorts = { ...originPorts, [scheme]: await listen(server) };
  };
  const usePort = (port: number): void => {
    originPorts = { ...originPorts, https: port };
  };
  return {
    ...{
      zone,
      turnstile,
      plainOrigin,
      tlsOrigin,
      goodOrigin,
      useOrigin,
      usePort,
      echo,
      trust,
      visit,
      seen,
      status,
    },
    folder,
    originCa: (): Ca => originCa,
    localCa: (): Ca => localCa,
    /** Lets seconds go by, for rate limits. */
    pass: (seconds: number): void => void (now += seconds * 1000),
    ports: (): Edge["ports"] => edge.ports,
  };
}
