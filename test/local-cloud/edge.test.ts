import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import * as http from "node:http";
import { connect as connectHttp2 } from "node:http2";
import * as https from "node:https";
import * as net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tls from "node:tls";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Ca, ensureCa, issueServerCertificate } from "../../local-cloud/ca";
import { InternetConfig, InternetRecord } from "../../local-cloud/internet/config";
import { Edge, startEdge } from "../../local-cloud/internet/edge/server";
import { selfSigned, signedBy } from "../support/certificates";

const ZONE = "example.com";
const record = (name: string, type: string, content: string, proxied = true): InternetRecord => ({
  name,
  type,
  content,
  proxied,
  ttl: 1,
});

interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

describe("the edge", () => {
  const folder = mkdtempSync(join(tmpdir(), "homeport-edge-"));
  const open: (net.Server | tls.Server)[] = [];
  let localCa: Ca;
  let originCa: Ca;
  let config: InternetConfig;
  let edge: Edge;
  let originPorts = { http: 1, https: 1 };

  beforeAll(async () => {
    vi.spyOn(console, "log").mockImplementation(() => undefined);
    localCa = await ensureCa(folder, "ca", "test CA");
    originCa = await ensureCa(folder, "origin-ca", "test Origin CA");
    const certificate = await issueServerCertificate(localCa, [ZONE, `*.${ZONE}`]);
    config = {
      edge: "198.19.0.20",
      upstream: "",
      names: {},
      reverse: {},
      originTrust: originCa.certPem + localCa.certPem,
      zones: [{ name: ZONE, settings: {}, records: [], certificate }],
    };
  });
  beforeEach(async () => {
    originPorts = { http: 1, https: 1 };
    zone({ ssl: "strict", always_use_https: "off" });
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

  const RECORDS = [record(ZONE, "A", "127.0.0.1"), record(`www.${ZONE}`, "CNAME", ZONE)];
  function zone(settings: Record<string, unknown>, records: readonly InternetRecord[] = RECORDS): void {
    const [first] = config.zones;
    if (first)
      config = { ...config, zones: [{ ...first, settings: { ...first.settings, ...settings }, records }] };
  }

  const echo: http.RequestListener = (request, response) => {
    response.setHeader("Server", "origin");
    response.end(JSON.stringify({ url: request.url, headers: request.headers }));
  };
  async function listen<T extends net.Server>(server: T): Promise<number> {
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

  describe("with ssl strict", () => {
    it("serves an origin whose certificate is the Origin CA's, and the local CA's", async () => {
      await goodOrigin();
      expect(await status()).toBe(200);
      await tlsOrigin(await signedBy(localCa, [ZONE]));
      expect(await status()).toBe(200);
    });

    it.each([
      ["self-signed", () => selfSigned(ZONE)],
      ["expired", () => signedBy(originCa, [ZONE], -1)],
      ["for another name", () => signedBy(originCa, ["other.test"])],
      ["by an unknown authority", async () => signedBy(await ensureCa(join(folder, "x"), "x", "x"), [ZONE])],
    ])("answers 526 to a certificate that is %s, which full takes", async (_, identity) => {
      await tlsOrigin(await identity());
      const reply = await visit(`https://${ZONE}/`);
      expect(reply.status).toBe(526);
      expect(reply.body).toContain("526");
      expect(reply.headers).toMatchObject({
        server: "cloudflare",
        "content-type": "text/html; charset=UTF-8",
      });
      zone({ ssl: "full" });
      expect(await status()).toBe(200);
    });

    it("notices at the next request that the certificate was exchanged, also on a kept connection", async () => {
      const origin = await goodOrigin();
      const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
      expect((await visit(`https://${ZONE}/`, { agent })).status).toBe(200);
      origin.setSecureContext(await selfSigned(ZONE));
      expect((await visit(`https://${ZONE}/`, { agent })).status).toBe(526);
      origin.setSecureContext(await signedBy(originCa, [ZONE]));
      expect((await visit(`https://${ZONE}/`, { agent })).status).toBe(200);
      agent.destroy();
    });

    it("asks for the visited name, and checks that one", async () => {
      await tlsOrigin(await signedBy(originCa, [ZONE]));
      expect(await status(`https://${ZONE}/`)).toBe(200);
      expect(await status(`https://www.${ZONE}/`)).toBe(526);
    });

    it("speaks plain HTTP to the origin for a visitor who came by plain HTTP", async () => {
      await plainOrigin();
      expect(await status(`http://${ZONE}/`)).toBe(200);
      zone({ ssl: "origin_pull" });
      expect(await status(`http://${ZONE}/`)).toBe(521);
    });
  });

  describe("with an origin that fails", () => {
    it("answers 521 when nobody listens", async () => {
      expect(await status()).toBe(521);
    });

    it("answers 525 when it speaks no TLS, or ends the handshake", async () => {
      originPorts = { ...originPorts, https: await listen(http.createServer(echo)) };
      expect(await status()).toBe(525);
      originPorts = { ...originPorts, https: await listen(net.createServer((socket) => socket.destroy())) };
      expect(await status()).toBe(525);
    });

    it("answers 525 when the handshake takes too long", async () => {
      originPorts = { ...originPorts, https: await listen(net.createServer()) };
      expect(await status()).toBe(525);
    });

    it.each([
      ["ends the connection", (socket: net.Socket) => socket.destroy()],
      ["talks nonsense", (socket: net.Socket) => socket.end("nonsense\r\n\r\n")],
      ["says nothing", (socket: net.Socket) => socket.end()],
    ])("answers 520 when it %s instead of replying", async (_, behave) => {
      const server = net.createServer(
        (socket) => void socket.on("error", () => undefined).once("data", () => behave(socket)),
      );
      originPorts = { ...originPorts, http: await listen(server) };
      expect(await status(`http://${ZONE}/`)).toBe(520);
    });

    it("answers 524 when it takes the request and never replies", async () => {
      await goodOrigin(() => undefined);
      expect(await status()).toBe(524);
    });

    it("passes the origin's own 502 and 404 on", async () => {
      await goodOrigin((request, response) => {
        response.statusCode = Number(request.url?.slice(1));
        response.end("from the origin");
      });
      expect(await visit(`https://${ZONE}/502`)).toMatchObject({ status: 502, body: "from the origin" });
      expect(await visit(`https://${ZONE}/404`)).toMatchObject({ status: 404, body: "from the origin" });
    });

    it("answers 522 when no connection comes about in time", async () => {
      const child = spawn("python3", ["-c", FULL_QUEUE], { stdio: ["ignore", "pipe", "inherit"] });
      const [line] = (await once(child.stdout, "data")) as [Buffer];
      originPorts = { ...originPorts, https: Number(line.toString()) };
      expect(await status()).toBe(522);
      child.kill();
    });
  });

  describe("for names that it does not serve", () => {
    it("ends the handshake with an alert when it has no certificate for the name", async () => {
      for (const servername of ["other.test", `a.b.${ZONE}`, ""]) {
        const socket = tls.connect({
          port: edge.ports.https,
          host: "127.0.0.1",
          servername,
          rejectUnauthorized: false,
        });
        const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
        expect(error.code).toBe("ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE");
      }
    });

    it("answers 409 with 1001 for a host of no zone and for one that is not proxied", async () => {
      zone({}, [...RECORDS, record(`direct.${ZONE}`, "A", "127.0.0.1", false)]);
      for (const host of ["other.test", `direct.${ZONE}`, `nowhere.${ZONE}`]) {
        const reply = await visit(`http://${host}/`);
        expect([reply.status, reply.body.includes("1001")]).toEqual([409, true]);
      }
    });

    it("answers 403 with 1003 for an address as host, and with 1000 for a record that points to the edge", async () => {
      expect(await visit("http://198.19.0.20/")).toMatchObject({
        status: 403,
        body: expect.stringContaining("1003"),
      });
      zone({}, [record(ZONE, "A", "198.19.0.20")]);
      expect(await visit(`http://${ZONE}/`)).toMatchObject({
        status: 403,
        body: expect.stringContaining("1000"),
      });
    });

    it("answers 530 with 1016 when the origin's name does not exist", async () => {
      zone({}, [record(ZONE, "CNAME", "origin.invalid")]);
      expect(await visit(`http://${ZONE}/`)).toMatchObject({
        status: 530,
        body: expect.stringContaining("1016"),
      });
    });

    it("shows no markup of the visitor's in its page", async () => {
      const reply = await visit("http://other.test/", { headers: { host: "<script>alert(1)</script>" } });
      expect(reply.body).not.toContain("<script>");
    });
  });

  describe("to visitors", () => {
    it("redirects http to https when the zone says so, and never when SSL is off", async () => {
      zone({ always_use_https: "on" });
      const reply = await visit(`http://${ZONE}/runs`);
      expect([reply.status, reply.headers.location]).toEqual([301, `https://${ZONE}/runs`]);
      zone({ ssl: "off" });
      await plainOrigin();
      expect(await status(`http://${ZONE}/`)).toBe(200);
      expect((await visit(`https://${ZONE}/runs`)).headers.location).toBe(`http://${ZONE}/runs`);
    });

    it("takes plain HTTP from the origin in flexible mode", async () => {
      zone({ ssl: "flexible" });
      await plainOrigin();
      expect(seen(await visit(`https://${ZONE}/`))).toMatchObject({ "x-forwarded-proto": "https" });
    });

    it("adds Cloudflare's headers both ways and overrides a visitor's own", async () => {
      await goodOrigin();
      const headers = {
        "x-forwarded-for": "203.0.113.9",
        "cf-connecting-ip": "1.2.3.4",
        "x-real-ip": "1.2.3.4",
      };
      const reply = await visit(`https://${ZONE}/a?b=c`, { path: "/a?b=c", headers });
      expect(reply.headers).toMatchObject({ server: "cloudflare", "cf-cache-status": "DYNAMIC" });
      expect(JSON.parse(reply.body)).toMatchObject({ url: "/a?b=c" });
      expect(seen(reply)).toMatchObject({
        host: ZONE,
        "cf-connecting-ip": "127.0.0.1",
        "x-forwarded-for": "203.0.113.9,127.0.0.1",
        "x-forwarded-proto": "https",
        "cf-visitor": '{"scheme":"https"}',
        "cf-ipcountry": "XX",
        "accept-encoding": "br, gzip",
        "cf-ray": reply.headers["cf-ray"],
      });
      expect(reply.headers["cf-ray"]).toMatch(/^[0-9a-f]{16}-[A-Z]{3}$/);
      expect(seen(reply)["x-real-ip"]).toBeUndefined();
    });

    it("removes headers that are meant for one connection", async () => {
      await goodOrigin((request, response) => {
        response.writeHead(200, {
          connection: "keep-alive, x-secret",
          "x-secret": "1",
          "x-accel-redirect": "/x",
        });
        response.end(JSON.stringify({ headers: request.headers }));
      });
      const reply = await visit(`https://${ZONE}/`, {
        headers: { connection: "close, x-mine", "x-mine": "1", te: "trailers" },
      });
      expect(reply.headers["x-secret"] ?? reply.headers["x-accel-redirect"]).toBeUndefined();
      expect(seen(reply)["x-mine"] ?? seen(reply)["te"]).toBeUndefined();
    });

    it("refuses versions of TLS below the zone's lowest, and takes the lowest itself", async () => {
      await goodOrigin();
      const by = (version: tls.SecureVersion): Promise<Reply> =>
        visit(`https://${ZONE}/`, {
          minVersion: version,
          maxVersion: version,
          ciphers: "DEFAULT@SECLEVEL=0",
        });
      expect((await by("TLSv1")).status).toBe(200);
      zone({ min_tls_version: "1.2" });
      await expect(by("TLSv1.1")).rejects.toMatchObject({
        message: expect.stringContaining("alert protocol version"),
      });
      expect((await by("TLSv1.2")).status).toBe(200);
      zone({ min_tls_version: "1.3" });
      await expect(by("TLSv1.2")).rejects.toMatchObject({
        message: expect.stringContaining("alert protocol version"),
      });
      expect((await by("TLSv1.3")).status).toBe(200);
    });

    it("speaks HTTP/2, with bodies of unknown length and several cookies", async () => {
      await goodOrigin((request, response) => {
        response.setHeader("set-cookie", ["a=1", "b=2"]);
        request.pipe(response);
      });
      const session = connectHttp2(`https://${ZONE}`, {
        createConnection: () =>
          tls.connect({
            port: edge.ports.https,
            host: "127.0.0.1",
            servername: ZONE,
            ca: localCa.certPem,
            ALPNProtocols: ["h2"],
          }),
      });
      const stream = session.request({ ":method": "POST", ":path": "/" });
      stream.write("one,");
      const [headers] = (await once(stream, "response")) as [
        http.IncomingHttpHeaders & { ":status": number },
      ];
      stream.end("two");
      const body = (await stream.toArray()).join("");
      expect([headers[":status"], headers["set-cookie"], body]).toEqual([200, ["a=1", "b=2"], "one,two"]);
      session.close();
    });

    it("streams both ways: what one side sends arrives before the other has ended", async () => {
      await goodOrigin((request, response) => request.pipe(response));
      const request = https.request({
        ...trust(),
        servername: ZONE,
        host: "127.0.0.1",
        port: edge.ports.https,
        method: "POST",
        headers: { host: ZONE },
      });
      request.write("first");
      const [response] = (await once(request, "response")) as [http.IncomingMessage];
      expect(String((await once(response, "data"))[0])).toBe("first");
      request.end("second");
      expect(String((await once(response, "data"))[0])).toBe("second");
      await once(response, "end");
    });

    it.each([
      ["gzip", gzipSync("content")],
      ["br", brotliCompressSync("content")],
    ])("unpacks %s for a visitor who did not ask for it, and only then", async (encoding, packed) => {
      await goodOrigin((_, response) =>
        response.writeHead(200, { "content-encoding": encoding }).end(packed),
      );
      const plain = await visit(`https://${ZONE}/`);
      expect([plain.headers["content-encoding"], plain.body]).toEqual([undefined, "content"]);
      const kept = await visit(`https://${ZONE}/`, { headers: { "accept-encoding": encoding } });
      expect(kept.headers["content-encoding"]).toBe(encoding);
    });

    it("cuts the reply off when the origin dies in the middle of it", async () => {
      await goodOrigin((_, response) => {
        response.writeHead(200, { "content-length": 100 }).write("half");
        setImmediate(() => response.destroy());
      });
      await expect(visit(`https://${ZONE}/`)).rejects.toThrow();
    });

    it("sends the zone's own HSTS policy", async () => {
      await goodOrigin();
      zone({
        security_header: {
          strict_transport_security: { enabled: true, max_age: 3600, include_subdomains: true },
        },
      });
      const reply = await visit(`https://${ZONE}/`);
      expect(reply.headers["strict-transport-security"]).toBe("max-age=3600; includeSubDomains");
    });
  });

  describe("for WebSockets", () => {
    const upgrade = (headers: http.OutgoingHttpHeaders = {}): http.ClientRequest =>
      https.request({
        ...trust(),
        servername: ZONE,
        host: "127.0.0.1",
        port: edge.ports.https,
        headers: { host: ZONE, connection: "Upgrade", upgrade: "websocket", ...headers },
      });

    it("passes bytes both ways once the origin has agreed", async () => {
      const origin = await goodOrigin();
      origin.on("upgrade", (request: http.IncomingMessage, socket: net.Socket) => {
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Ip: ${String(request.headers["cf-connecting-ip"])}\r\n\r\n`,
        );
        socket.pipe(socket);
      });
      const request = upgrade();
      request.end();
      const [response, socket] = (await once(request, "upgrade")) as [http.IncomingMessage, net.Socket];
      expect(response.headers).toMatchObject({
        upgrade: "websocket",
        "x-ip": "127.0.0.1",
        server: "cloudflare",
      });
      socket.write("hello");
      expect(String((await once(socket, "data"))[0])).toBe("hello");
      socket.destroy();
    });

    it("passes a refusal on, and its own page when the origin fails", async () => {
      const origin = await goodOrigin();
      origin.on("upgrade", (_request, socket: net.Socket) =>
        socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"),
      );
      const refused = upgrade();
      refused.end();
      expect(((await once(refused, "response")) as [http.IncomingMessage])[0].statusCode).toBe(403);
      await tlsOrigin(await selfSigned(ZONE));
      const failed = upgrade();
      failed.end();
      expect(((await once(failed, "response")) as [http.IncomingMessage])[0].statusCode).toBe(526);
    });
  });
});

/** Prints the port of a listener whose queue is full and never emptied: Linux drops what else wants to connect. */
const FULL_QUEUE = `
import socket, time
server = socket.socket(); server.bind(("127.0.0.1", 0)); server.listen(0)
port = server.getsockname()[1]
held = []
for _ in range(4):
    s = socket.socket(); s.setblocking(False); s.connect_ex(("127.0.0.1", port)); held.append(s)
time.sleep(0.1)
print(port, flush=True)
time.sleep(60)
`;
