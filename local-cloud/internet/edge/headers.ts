import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { type InternetZone } from "../config";
import { type Scheme } from "./route";

/** Meant for one connection only (RFC 9110, 7.6.1). */
const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
  "expect", // answered by the edge
];
/** What Cloudflare takes out of replies; an origin's own HTTP/3 is not to be reached behind the edge. */
const NOT_FOR_VISITORS = [
  "x-accel-buffering",
  "x-accel-charset",
  "x-accel-limit-rate",
  "x-accel-redirect",
  "alt-svc",
];
/** The request header that Cloudflare never passes. */
const NOT_FOR_ORIGINS = ["x-real-ip"];

export interface Visitor {
  readonly address: string;
  readonly scheme: Scheme;
  /** As the visitor sent it: with a port, if there was one. */
  readonly authority: string;
  readonly ray: string;
}

function without(headers: IncomingHttpHeaders, more: readonly string[]): OutgoingHttpHeaders {
  const named = (headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase());
  const gone = new Set([...HOP_BY_HOP, ...named, ...more]);
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !name.startsWith(":") && !gone.has(name)),
  );
}

/** Request headers for the origin: the visitor's, and those that Cloudflare sets itself. */
export function toOrigin(headers: IncomingHttpHeaders, visitor: Visitor): OutgoingHttpHeaders {
  const before = headers["x-forwarded-for"];
  return {
    ...without(headers, NOT_FOR_ORIGINS),
    host: visitor.authority,
    connection: "Keep-Alive",
    "accept-encoding": "br, gzip",
    "cf-connecting-ip": visitor.address,
    "cf-ipcountry": "XX", // no country is known
    "cf-ray": visitor.ray,
    "cf-visitor": JSON.stringify({ scheme: visitor.scheme }),
    "cdn-loop": "cloudflare",
    "x-forwarded-for": before ? `${String(before)},${visitor.address}` : visitor.address,
    "x-forwarded-proto": visitor.scheme,
  };
}

/** Reply headers for the visitor: the origin's, and those that Cloudflare sets itself. Nothing is cached here. */
export function toVisitor(
  headers: IncomingHttpHeaders,
  zone: InternetZone,
  visitor: Visitor,
): OutgoingHttpHeaders {
  const hsts = visitor.scheme === "https" ? transportSecurity(zone) : undefined;
  return {
    ...without(headers, NOT_FOR_VISITORS),
    ...(hsts ? { "strict-transport-security": hsts } : {}),
    "cf-cache-status": "DYNAMIC",
    ...edgeHeaders(visitor.ray),
  };
}

/** On everything that the edge sends. */
export function edgeHeaders(ray: string): OutgoingHttpHeaders {
  return { server: "cloudflare", "cf-ray": ray };
}

/** The zone's own HSTS policy (setting `security_header`), which goes before the origin's. */
function transportSecurity(zone: InternetZone): string | undefined {
  const value = zone.settings["security_header"] as
    { strict_transport_security?: Record<string, unknown> } | undefined;
  const policy = value?.strict_transport_security;
  if (policy?.["enabled"] !== true) return undefined;
  const parts = [`max-age=${Number(policy["max_age"] ?? 0)}`];
  if (policy["include_subdomains"] === true) parts.push("includeSubDomains");
  if (policy["preload"] === true) parts.push("preload");
  return parts.join("; ");
}

/** Whether a visitor takes a content encoding (RFC 9110, 12.5.3, without the finer weights). */
export function accepts(headers: IncomingHttpHeaders, encoding: string): boolean {
  const offers = [headers["accept-encoding"] ?? []].flat().join(",").toLowerCase().split(",");
  return offers.some((offer) => {
    const [name = "", weight = ""] = offer.split(";").map((part) => part.trim());
    return (name === encoding || name === "*") && !/^q=0(\.0*)?$/.test(weight);
  });
}
