import { createServer as createHttpServer, type IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { Guard } from "./guard";
import { type ProxyOptions, serve } from "./proxy";
import { type Scheme } from "./route";
import { TlsFront } from "./tls";
import { Turnstile } from "./turnstile";

const KEEP_ALIVE = 400_000; // ms that a visitor's idle connection is kept, as Cloudflare documents

export interface EdgeOptions extends Omit<ProxyOptions, "guard" | "turnstile"> {
  /** Milliseconds, for rate limits. @default Date.now */
  readonly now?: () => number;
  readonly address: string;
  /** 0 takes a free one. */
  readonly ports: { readonly http: number; readonly https: number };
}

export interface Edge {
  readonly ports: { readonly http: number; readonly https: number };
  close(): Promise<void>;
}

/** Starts the edge: HTTP on one port, TLS with HTTP/2 and HTTP/1.1 on another. */
export async function startEdge(given: EdgeOptions): Promise<Edge> {
  const options = {
    ...given,
    guard: new Guard(given.now),
    turnstile: new Turnstile(given.config, given.now),
  };
  const plain = createHttpServer();
  plain.keepAliveTimeout = KEEP_ALIVE;
  attach(plain, options, "http");
  const front = new TlsFront(options.config, (server) => {
    attach(server, options, "https");
    server.on("sessionError", () => undefined);
    server.on("tlsClientError", () => undefined); // scanners and refused versions: theirs to notice
  });
  const secure = createServer((socket) => void front.accept(socket));
  const http = await listen(plain, options.ports.http, options.address);
  const https = await listen(secure, options.ports.https, options.address);
  return { ports: { http: http.port, https: https.port }, close: () => closeAll([http, https]) };
}

interface Emitter {
  on(event: "request", listener: (request: IncomingMessage, response: ServerResponse) => void): unknown;
  on(event: "upgrade", listener: (request: IncomingMessage, socket: Socket, head: Buffer) => void): unknown;
}

function attach(server: Emitter, options: ProxyOptions, scheme: Scheme): void {
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    void serve(options, scheme, request, response);
  });
  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const response = new ServerResponse(request); // for all answers but "101 Switching Protocols"
    response.assignSocket(socket);
    response.on("finish", () => socket.end());
    socket.on("error", () => socket.destroy());
    void serve(options, scheme, request, response, { socket, head });
  });
}

interface Listener {
  readonly server: Server;
  readonly sockets: Set<Socket>;
  readonly port: number;
}

async function listen(server: Server, port: number, address: string): Promise<Listener> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((done, fail) => server.once("error", fail).listen(port, address, done));
  return { server, sockets, port: (server.address() as { port: number }).port };
}

async function closeAll(listeners: readonly Listener[]): Promise<void> {
  for (const { server, sockets } of listeners) {
    const closed = new Promise<void>((done) => server.close(() => done()));
    for (const socket of sockets) socket.destroy();
    await closed;
  }
}
