import { spawn } from "node:child_process";
import { once } from "node:events";
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ensureCa } from "../../local-cloud/ca";
import { selfSigned, signedBy } from "../support/certificates";
import { edgeBed, ZONE } from "../support/edge-bed";

describe("the edge and its origin", () => {
  const {
    zone,
    plainOrigin,
    tlsOrigin,
    goodOrigin,
    useOrigin,
    usePort,
    echo,
    visit,
    status,
    folder,
    originCa,
    localCa,
  } = edgeBed();

  describe("with ssl strict", () => {
    it("serves an origin whose certificate is the Origin CA's, and the local CA's", async () => {
      await goodOrigin();
      expect(await status()).toBe(200);
      await tlsOrigin(await signedBy(localCa(), [ZONE]));
      expect(await status()).toBe(200);
    });

    it.each([
      ["self-signed", () => selfSigned(ZONE)],
      ["expired", () => signedBy(originCa(), [ZONE], -1)],
      ["for another name", () => signedBy(originCa(), ["other.test"])],
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
      origin.setSecureContext(await signedBy(originCa(), [ZONE]));
      expect((await visit(`https://${ZONE}/`, { agent })).status).toBe(200);
      agent.destroy();
    });

    it("asks for the visited name, and checks that one", async () => {
      await tlsOrigin(await signedBy(originCa(), [ZONE]));
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
      await useOrigin(http.createServer(echo));
      expect(await status()).toBe(525);
      await useOrigin(net.createServer((socket) => socket.destroy()));
      expect(await status()).toBe(525);
    });

    it("answers 525 when the handshake takes too long", async () => {
      await useOrigin(net.createServer());
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
      await useOrigin(server, "http");
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
      usePort(Number(line.toString()));
      expect(await status()).toBe(522);
      child.kill();
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
