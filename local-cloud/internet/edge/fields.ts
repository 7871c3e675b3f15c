import type { IncomingHttpHeaders } from "node:http";
import type { Fields, Value } from "../../rules/evaluate";
import type { Visitor } from "./headers";

type Lists = Record<string, string[]>;

/** What the Rules language's fields ask about. */
export interface Asked {
  readonly method: string;
  /** Path and query as the visitor sent them. */
  readonly url: string;
  readonly httpVersion: string;
  readonly headers: IncomingHttpHeaders;
  readonly visitor: Visitor;
  readonly reply?: { readonly status: number; readonly headers: IncomingHttpHeaders };
}

/** The fields' values for one request. */
export function fieldsOf(asked: Asked): Fields {
  return (name) => FIELDS[name]?.(asked);
}

const FIELDS: Readonly<Record<string, (asked: Asked) => Value | undefined>> = {
  "cf.edge.server_port": ({ visitor }) => (visitor.scheme === "https" ? 443 : 80),
  "cf.ray_id": ({ visitor }) => visitor.ray.split("-")[0],
  "http.cookie": ({ headers }) => headers.cookie ?? "",
  "http.host": ({ visitor }) => hostOf(visitor),
  "http.referer": ({ headers }) => headers.referer ?? "",
  "http.request.cookies": ({ headers }) => cookies(headers.cookie ?? ""),
  "http.request.full_uri": (asked) => fullUri(asked, normalUri(asked.url)),
  "http.request.headers": ({ headers }) => lists(headers),
  "http.request.headers.names": ({ headers }) => Object.keys(lists(headers)),
  "http.request.headers.values": ({ headers }) => Object.values(lists(headers)).flat(),
  "http.request.method": ({ method }) => method,
  "http.request.timestamp.sec": () => Math.floor(Date.now() / 1000),
  "http.request.uri": ({ url }) => normalUri(url),
  "http.request.uri.args": ({ url }) => args(url),
  "http.request.uri.args.names": ({ url }) => Object.keys(args(url)),
  "http.request.uri.args.values": ({ url }) => Object.values(args(url)).flat(),
  "http.request.uri.path": ({ url }) => normalPath(pathOf(url)),
  "http.request.uri.path.extension": ({ url }) =>
    /\.([^./]+)$/.exec(normalPath(pathOf(url)))?.[1]?.toLowerCase() ?? "",
  "http.request.uri.query": ({ url }) => queryOf(url),
  "http.request.version": ({ httpVersion }) => `HTTP/${httpVersion.replace(/^2\.0$/, "2")}`,
  "http.response.code": ({ reply }) => reply?.status,
  "http.response.headers": ({ reply }) => reply && lists(reply.headers),
  "http.user_agent": ({ headers }) => headers["user-agent"] ?? "",
  "http.x_forwarded_for": ({ headers }) => String(headers["x-forwarded-for"] ?? ""),
  "ip.src": ({ visitor }) => visitor.address,
  "ip.src.country": () => "XX", // as CF-IPCountry: no country is known
  "ip.geoip.country": () => "XX",
  "raw.http.request.full_uri": (asked) => fullUri(asked, asked.url),
  "raw.http.request.uri": ({ url }) => url,
  "raw.http.request.uri.path": ({ url }) => pathOf(url),
  "raw.http.request.uri.query": ({ url }) => queryOf(url),
  ssl: ({ visitor }) => visitor.scheme === "https",
};

/**
 * A path as rules see it: RFC 3986's normalisation (unreserved characters decoded, dots resolved), backslashes and
 * repeated slashes made one slash, which is Cloudflare's default. The origin gets what the visitor sent.
 */
export function normalPath(path: string): string {
  const decoded = path.replaceAll(/%([0-9a-fA-F]{2})/g, (escape, hex: string) => {
    const character = String.fromCharCode(parseInt(hex, 16));
    return /[A-Za-z0-9._~-]/.test(character) ? character : escape.toUpperCase();
  });
  const parts = decoded
    .replaceAll("\\", "/")
    .replaceAll(/\/{2,}/g, "/")
    .split("/")
    .slice(1);
  const kept = parts.reduce<string[]>((done, part, at) => {
    const isLast = at === parts.length - 1;
    if (part !== "." && part !== "..") return [...done, part];
    const rest = part === ".." ? done.slice(0, -1) : done;
    return isLast ? [...rest, ""] : rest;
  }, []);
  return `/${kept.join("/")}`;
}

function hostOf({ authority }: Visitor): string {
  return authority.replace(/:\d+$/, "");
}

function pathOf(url: string): string {
  return url.split("?")[0] ?? "";
}

function queryOf(url: string): string {
  const at = url.indexOf("?");
  return at < 0 ? "" : url.slice(at + 1);
}

function normalUri(url: string): string {
  const at = url.indexOf("?");
  return normalPath(pathOf(url)) + (at < 0 ? "" : url.slice(at));
}

function fullUri({ visitor }: Asked, uri: string): string {
  return `${visitor.scheme}://${hostOf(visitor)}${uri}`;
}

function lists(headers: IncomingHttpHeaders): Lists {
  const given = Object.entries(headers).filter(
    ([name, value]) => !name.startsWith(":") && value !== undefined,
  );
  return Object.fromEntries(given.map(([name, value]) => [name, [value ?? []].flat()]));
}

function args(url: string): Lists {
  return grouped(
    queryOf(url)
      .split("&")
      .filter((part) => part !== ""),
  );
}

function cookies(text: string): Lists {
  return grouped(text.split(";").map((part) => part.trim()));
}

function grouped(parts: readonly string[]): Lists {
  const result: Lists = {};
  for (const part of parts) {
    const [name = "", ...value] = part.split("=");
    (result[name] ??= []).push(value.join("="));
  }
  return result;
}
