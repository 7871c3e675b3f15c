import {
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Socket } from "node:net";
import type { Transform } from "node:stream";
import { pipeline } from "node:stream";
import { createBrotliDecompress, createGunzip } from "node:zlib";
import { type InternetConfig, type InternetZone } from "../config";
import type { Asked } from "./fields";
import { EdgeFailure, errorPage, newRay } from "./failure";
import type { Guard, Judged, Verdict } from "./guard";
import { accepts, edgeHeaders, toOrigin, toVisitor, type Visitor } from "./headers";
import { openOrigin } from "./origin";
import { originProtocol, redirectOf, routeTo, type Scheme } from "./route";
import type { Turnstile } from "./turnstile";
import { onUpgrade } from "./upgrade";
import { answerOf } from "./verdict";

export interface ProxyOptions {
  readonly config: () => InternetConfig;
  /** Ports of origins; default 80 and 443. */
  readonly originPorts?: { readonly http: number; readonly https: number };
  /** Milliseconds until 522 (TCP) or 525 (TLS); default 19 s, as Cloudflare documents. */
  readonly connectTimeout?: number;
  /** Milliseconds from the request's end to the reply's start, then 524; default 120 s, as Cloudflare documents. */
  readonly replyTimeout?: number;
  /** Looks at requests before the origin does. */
  readonly guard: Guard;
  readonly turnstile: Turnstile;
}

/** A request by HTTP/1.1 or HTTP/2. */
export type EdgeRequest = IncomingMessage | Http2ServerRequest;
export type EdgeResponse = ServerResponse | Http2ServerResponse;

/** The connection of a visitor who wishes to upgrade, and what came on it after the request. */
export interface RawConnection {
  readonly socket: Socket;
  readonly head: Buffer;
}

interface Exchange {
  readonly request: EdgeRequest;
  readonly response: ServerResponse;
  readonly visitor: Visitor;
  readonly zone: InternetZone;
  readonly onReply: Judged["onReply"];
}

/** Answers one request, or one wish to upgrade when `raw` is the connection it came on. */
export async function serve(
  options: ProxyOptions,
  scheme: Scheme,
  request: EdgeRequest,
  answer: EdgeResponse,
  raw?: RawConnection,
): Promise<void> {
  const response = answer as ServerResponse; // HTTP/2's has the same methods, as far as we use them
  const visitor = visitorOf(request, scheme);
  const host = visitor.authority.replace(/:\d+$/, "");
  request.on("error", () => undefined); // a visitor who leaves is no fault of ours
  response.on("error", () => undefined);
  try {
    const config = options.config();
    if (await options.turnstile.serves(host, request, response)) return;
    const { zone, origin } = routeTo(config, host);
    const elsewhere = redirectOf(zone, scheme, host, request.url ?? "/");
    if (elsewhere) {
      redirect(response, elsewhere, visitor.ray);
      return;
    }
    const { verdict, onReply } = options.guard.judge(zone.rules ?? {}, asked(request, visitor));
    if (verdict) {
      enforce({ request, response, visitor }, verdict);
      return;
    }
    const exchange = { request, response, visitor, zone, onReply };
    const outgoing = await send(options, config, origin, exchange, raw !== undefined);
    if (raw) onUpgrade(outgoing, response, raw, visitor);
  } catch (error) {
    refuse({ request, response, visitor }, host, error);
  }
}

function visitorOf(request: EdgeRequest, scheme: Scheme): Visitor {
  const authority = String(request.headers[":authority"] ?? request.headers.host ?? "").toLowerCase();
  const address = (request.socket.remoteAddress ?? "").replace(/^::ffff:/, "");
  return { address, scheme, authority, ray: newRay() };
}

async function send(
  options: ProxyOptions,
  config: InternetConfig,
  address: string,
  exchange: Exchange,
  upgrade: boolean,
): Promise<ClientRequest> {
  const { request, visitor, zone } = exchange;
  const { scheme, verify } = originProtocol(zone, visitor.scheme);
  const port = (options.originPorts ?? { http: 80, https: 443 })[scheme];
  const name = visitor.authority.replace(/:\d+$/, "");
  const tls = scheme === "https" ? { name, trust: config.originTrust, verify } : undefined;
  const timeout = options.connectTimeout ?? 19_000;
  const socket = await openOrigin({ address, port, timeout, ...(tls ? { tls } : {}) });
  const headers = toOrigin(request.headers, visitor);
  if (upgrade) Object.assign(headers, { connection: "Upgrade", upgrade: request.headers.upgrade });
  const body = framing(request);
  if (body === "unknown length") headers["transfer-encoding"] = "chunked";
  const outgoing = httpRequest({
    createConnection: () => socket,
    method: request.method,
    path: request.url,
    headers,
    setHost: false,
  });
  relay(outgoing, exchange, options.replyTimeout ?? 120_000);
  let upgraded = false;
  outgoing.once("upgrade", () => (upgraded = true));
  const end = (): void => {
    if (!upgraded) socket.destroy();
  };
  outgoing.once("close", end);
  exchange.response.once("close", end);
  if (body === "none") outgoing.end();
  else request.pipe(outgoing);
  return outgoing;
}

/** Whether a body follows, told by the visitor's own framing: HTTP/2 has no Transfer-Encoding. */
function framing(request: EdgeRequest): "none" | "known length" | "unknown length" {
  const { headers } = request;
  if (headers["content-length"] !== undefined) return "known length";
  if ("stream" in request) return request.stream.endAfterHeaders ? "none" : "unknown length";
  return headers["transfer-encoding"] === undefined ? "none" : "unknown length";
}

/** Waits for the origin's reply and hands it to the visitor; its failures become pages. */
function relay(outgoing: ClientRequest, exchange: Exchange, timeout: number): void {
  const { response, visitor, zone, request } = exchange;
  const host = visitor.authority.replace(/:\d+$/, "");
  let timer: NodeJS.Timeout | undefined;
  outgoing.once("finish", () => {
    timer = setTimeout(() => outgoing.destroy(new EdgeFailure(524, `no reply in ${timeout} ms`)), timeout);
  });
  outgoing.once("close", () => clearTimeout(timer));
  outgoing.once("upgrade", () => clearTimeout(timer));
  outgoing.once("error", (error) => {
    if (response.headersSent) return response.destroy();
    refuse(exchange, host, error instanceof EdgeFailure ? error : new EdgeFailure(520, error.message));
  });
  outgoing.once("response", (reply) => {
    clearTimeout(timer);
    exchange.onReply?.({ status: reply.statusCode ?? 520, headers: reply.headers });
    const headers = toVisitor(reply.headers, zone, visitor);
    const decoder = request.method === "HEAD" ? undefined : decoderFor(reply, request);
    if (decoder) {
      delete headers["content-encoding"];
      delete headers["content-length"];
    }
    writeHead(response, reply.statusCode ?? 520, headers, request);
    const done = (): void => undefined; // either side may leave early; pipeline has ended the other
    if (decoder) pipeline(reply, decoder, response, done);
    else pipeline(reply, response, done);
  });
}

/** The edge asks origins for br and gzip always, so it unpacks for visitors who didn't. */
function decoderFor(reply: IncomingMessage, request: EdgeRequest): Transform | undefined {
  const encoding = reply.headers["content-encoding"];
  if (encoding === undefined || accepts(request.headers, encoding)) return undefined;
  if (encoding === "gzip") return createGunzip();
  return encoding === "br" ? createBrotliDecompress() : undefined;
}

function writeHead(
  response: ServerResponse,
  status: number,
  headers: ReturnType<typeof toVisitor>,
  request: EdgeRequest,
): void {
  if (request.httpVersionMajor < 2) response.statusMessage = STATUS_CODES[status] ?? "";
  response.writeHead(status, headers);
}

function asked({ method = "GET", url = "/", httpVersion, headers }: EdgeRequest, visitor: Visitor): Asked {
  return { method, url, httpVersion, headers, visitor };
}

/** Answers as a rule says, in place of the origin. */
function enforce({ request, response, visitor }: Omit<Exchange, "zone" | "onReply">, verdict: Verdict): void {
  const { status, headers, body } = answerOf(verdict, visitor);
  if (verdict.kind !== "redirect") {
    console.log(`edge: ${verdict.kind} by rule ${verdict.rule} ${visitor.address} ${visitor.ray}`);
  }
  writeHead(response, status, headers, request);
  response.end(request.method === "HEAD" ? undefined : body);
}

function redirect(response: ServerResponse, location: string, ray: string): void {
  response.writeHead(301, {
    location,
    "cache-control": "max-age=3600",
    "content-length": 0,
    ...edgeHeaders(ray),
  });
  response.end();
}

function refuse(exchange: Omit<Exchange, "zone" | "onReply">, host: string, error: unknown): void {
  const failure = error instanceof EdgeFailure ? error : new EdgeFailure(520, String(error));
  const { request, response, visitor } = exchange;
  if (response.headersSent || response.destroyed) return void response.destroy(); // too late for a page
  console.log(
    `edge: ${failure.code} ${request.method ?? ""} ${JSON.stringify(host)} ${visitor.ray} ${failure.message}`,
  );
  const body = errorPage(host, failure, visitor.ray);
  const headers = {
    "content-type": "text/html; charset=UTF-8",
    "content-length": Buffer.byteLength(body),
    "cache-control": "private, max-age=0, no-store, no-cache, must-revalidate, post-check=0, pre-check=0",
    ...edgeHeaders(visitor.ray),
  };
  writeHead(response, failure.status, headers, request);
  response.end(request.method === "HEAD" ? undefined : body);
}
