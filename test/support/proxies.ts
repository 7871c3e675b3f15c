import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { request } from "node:https";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type SecureVersion } from "node:tls";
import { renderCaddyfile } from "../../components/lib/caddyfile";
import { renderNginx } from "../../components/lib/nginx-conf";
import type { AccessLog } from "../../components/lib/system-access-log";
import type { ProxyKind, Site } from "../../components/lib/system-sites";

export const HAS = {
  caddy: spawnSync("caddy", ["version"]).status === 0,
  nginx: spawnSync("nginx", ["-v"]).status === 0,
};

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A real proxy on free ports of 127.0.0.1, with one service behind it that tells what it was asked. */
export interface Bed {
  readonly directory: string;
  readonly ask: (
    path: string,
    options?: { headers?: Record<string, string>; body?: string; host?: string },
  ) => Promise<Answer>;
  /** The version that a client of this one alone is given, or `refused`. */
  readonly agree: (version: SecureVersion) => Promise<string>;
  readonly plainPort: number;
  readonly port: number;
  readonly child: ChildProcess;
  /** Its error log so far. */
  readonly errors: () => string;
  /** What it said on stdout so far: Caddy's access log. */
  readonly visits: () => string;
  readonly stop: () => Promise<void>;
}

/** A folder with the origin's certificate for mxcorre.com and its first-level names, and the upstreams' folder. */
export function proxyFolder(): string {
  const directory = mkdtempSync(join(tmpdir(), "homeport-proxy-"));
  for (const name of ["tls", "upstreams", "acme/.well-known/acme-challenge"]) {
    mkdirSync(join(directory, name), { recursive: true });
  }
  const files = ["-keyout", join(directory, "tls/origin.key"), "-out", join(directory, "tls/origin.crt")];
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=origin"];
  const names = ["-addext", "subjectAltName=DNS:mxcorre.com,DNS:*.mxcorre.com"];
  execFileSync("openssl", ["req", "-x509", ...ec, ...files, ...names], { stdio: "ignore" });
  writeFileSync(join(directory, "acme/.well-known/acme-challenge/token"), "answer");
  execFileSync("chmod", ["-R", "a+rX", directory]);
  return directory;
}

/** What nginx is started with: another folder, other ports, and a process of its own instead of a service. */
export function nginxText(text: string, directory: string, plain: number, port: number): string {
  return text
    .replaceAll("listen 80", `listen 127.0.0.1:${plain}`)
    .replaceAll("listen 443", `listen 127.0.0.1:${port}`)
    .replace("/dev/stdout", `${directory}/access.log`)
    .replace("pid /run/nginx.pid", `daemon off;\npid ${directory}/pid`);
}

function caddyText(text: string, plain: number, port: number): string {
  const ports = `\thttp_port ${plain}\n\thttps_port ${port}\n\tdefault_bind 127.0.0.1\n\tadmin off`;
  return text.replace("\tadmin localhost:2019", ports);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

export interface BedOptions {
  readonly kind: ProxyKind;
  readonly sites: readonly Site[];
  /** Service -> whether something answers there. */
  readonly services: Readonly<Record<string, boolean>>;
  readonly edgeCidrs: readonly string[];
  /** In the folder `logs`. @default none */
  readonly accessLog?: AccessLog;
}

export async function startProxy({ kind, services, ...system }: BedOptions): Promise<Bed> {
  const directory = proxyFolder();
  const service = echo();
  await once(service.listen(0, "127.0.0.1"), "listening");
  const { port: upstream } = service.address() as AddressInfo;
  for (const [name, isUp] of Object.entries(services)) {
    const target = `127.0.0.1:${isUp ? upstream : await freePort()}`;
    writeFileSync(join(directory, "upstreams", `${name}.caddy`), `to ${target}\n`);
    writeFileSync(join(directory, "upstreams", `${name}.conf`), `${name} ${target};\n`);
  }
  const [plainPort, port] = [await freePort(), await freePort()];
  const places = { directory, acmeRoot: join(directory, "acme"), logDirectory: join(directory, "logs") };
  const input = { ...system, ...places, domain: "mxcorre.com" };
  const config = join(directory, "config");
  const text =
    kind === "nginx"
      ? nginxText(renderNginx(input), directory, plainPort, port)
      : caddyText(renderCaddyfile(input), plainPort, port);
  writeFileSync(config, text);
  const home = { ...process.env, HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory };
  const words = kind === "nginx" ? ["-c", config] : ["run", "--config", config, "--adapter", "caddyfile"];
  const child = spawn(kind, words, { env: home, stdio: ["ignore", "pipe", "pipe"] });
  let [told, said] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (told += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await listening(port, () => said);
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await once(child, "exit");
    service.closeAllConnections();
    service.close();
    rmSync(directory, { recursive: true });
  };
  const errors = (): string => said;
  const visits = (): string => told;
  return {
    directory,
    plainPort,
    port,
    child,
    errors,
    visits,
    stop,
    ask: (path, options) => ask(port, path, options),
    agree: (version) => agree(port, version),
  };
}

/** Answers with what it was asked: 200, or the number that `?status=` names. */
function echo(): Server {
  return createServer((asked, answer) => {
    const { searchParams } = new URL(asked.url ?? "/", "http://x");
    answer.statusCode = Number(searchParams.get("status") ?? 200);
    answer.setHeader("X-Frame-Options", "DENY").setHeader("Referrer-Policy", "no-referrer");
    answer.setHeader("content-type", "application/json");
    asked.resume().on("end", () => {
      answer.end(JSON.stringify({ url: asked.url, headers: asked.headers, padding: "x".repeat(2000) }));
    });
  }).on("upgrade", (_, socket) => {
    socket.end("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello");
  });
}

async function listening(port: number, said: () => string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the proxy must listen on ${port}: ${said()}`);
}

function agree(port: number, version: SecureVersion): Promise<string> {
  const versions = { minVersion: version, maxVersion: version, ciphers: "DEFAULT@SECLEVEL=0" };
  const name = { servername: "mxcorre.com", rejectUnauthorized: false };
  return new Promise((resolve, reject) => {
    const socket = connectTls({ ...versions, ...name, host: "127.0.0.1", port }, () => {
      resolve(socket.getProtocol() ?? "nothing");
      socket.destroy();
    });
    socket.on("error", ({ message }: Error) => {
      if (/alert/.test(message)) resolve("refused");
      else reject(new Error(message));
    });
  });
}

function ask(
  port: number,
  path: string,
  {
    headers = {},
    body,
    host = "mxcorre.com",
  }: { headers?: Record<string, string>; body?: string; host?: string } = {},
): Promise<Answer> {
  const method = body === undefined ? "GET" : "POST";
  const options = {
    host: "127.0.0.1",
    port,
    path,
    method,
    servername: host,
    rejectUnauthorized: false,
    agent: false,
  };
  return new Promise((resolve, reject) => {
    const asked = request({ ...options, headers: { host, ...headers } }, (reply) => {
      const { statusCode = 0, headers: found } = reply;
      void reply.toArray().then((chunks: Buffer[]) => {
        resolve({ status: statusCode, headers: found, body: Buffer.concat(chunks).toString("latin1") });
      }, reject);
    });
    asked.on("upgrade", (reply, socket, head) => {
      socket.destroy();
      resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: head.toString() });
    });
    asked.on("error", reject).end(body);
  });
}
