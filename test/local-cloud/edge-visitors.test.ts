import { once } from "node:events";
import type * as http from "node:http";
import { connect as connectHttp2 } from "node:http2";
import * as https from "node:https";
import * as tls from "node:tls";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { edgeBed, type Reply, ZONE } from "../support/edge-bed";

describe("the edge and its visitors", () => {
  const { trust, zone, plainOrigin, goodOrigin, visit, seen, status, localCa, ports } = edgeBed();

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
        "alt-svc": "h3",
      });
      response.end(JSON.stringify({ headers: request.headers }));
    });
    const reply = await visit(`https://${ZONE}/`, {
      headers: { connection: "close, x-mine", "x-mine": "1", te: "trailers" },
    });
    for (const name of ["x-secret", "x-accel-redirect", "alt-svc"])
      expect(reply.headers[name]).toBeUndefined();
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
      message: expect.stringContaining("alert protocol version") as string,
    });
    expect((await by("TLSv1.2")).status).toBe(200);
    zone({ min_tls_version: "1.3" });
    await expect(by("TLSv1.2")).rejects.toMatchObject({
      message: expect.stringContaining("alert protocol version") as string,
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
          port: ports().https,
          host: "127.0.0.1",
          servername: ZONE,
          ca: localCa().certPem,
          ALPNProtocols: ["h2"],
        }),
    });
    const stream = session.request({ ":method": "POST", ":path": "/" });
    stream.write("one,");
    const [headers] = (await once(stream, "response")) as [http.IncomingHttpHeaders & { ":status": number }];
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
      port: ports().https,
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
    await goodOrigin((_, response) => response.writeHead(200, { "content-encoding": encoding }).end(packed));
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
