import { once } from "node:events";
import type * as http from "node:http";
import * as https from "node:https";
import type * as net from "node:net";
import * as tls from "node:tls";
import { describe, expect, it } from "vitest";
import { selfSigned } from "../support/certificates";
import { edgeBed, record, RECORDS, ZONE } from "../support/edge-bed";

describe("the edge", () => {
  const { trust, zone, tlsOrigin, goodOrigin, visit, ports } = edgeBed();

  describe("for names that it does not serve", () => {
    it("ends the handshake with an alert when it has no certificate for the name", async () => {
      for (const servername of ["other.test", `a.b.${ZONE}`, ""]) {
        const socket = tls.connect({
          port: ports().https,
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
        body: expect.stringContaining("1003") as string,
      });
      zone({}, [record(ZONE, "A", "198.19.0.20")]);
      expect(await visit(`http://${ZONE}/`)).toMatchObject({
        status: 403,
        body: expect.stringContaining("1000") as string,
      });
    });

    it("answers 530 with 1016 when the origin's name does not exist", async () => {
      zone({}, [record(ZONE, "CNAME", "origin.invalid")]);
      expect(await visit(`http://${ZONE}/`)).toMatchObject({
        status: 530,
        body: expect.stringContaining("1016") as string,
      });
    });

    it("shows no markup of the visitor's in its page", async () => {
      const reply = await visit("http://other.test/", { headers: { host: "<script>alert(1)</script>" } });
      expect(reply.body).not.toContain("<script>");
    });
  });

  describe("for WebSockets", () => {
    const upgrade = (headers: http.OutgoingHttpHeaders = {}): http.ClientRequest =>
      https.request({
        ...trust(),
        servername: ZONE,
        host: "127.0.0.1",
        port: ports().https,
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
