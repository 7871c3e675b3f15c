import { socketOf } from "./system-units";

/** The program in front of the sites. */
export type ProxyKind = "caddy" | "nginx";

/**
 * Whose certificate the origin shows: Cloudflare's Origin CA, which the edge alone believes, or Let's Encrypt, which
 * everybody does, asked by a record in the zone or by a file that the site serves.
 */
export type TlsMode = "origin-ca" | "acme-dns" | "acme-http";

/** Where a path goes, where `service:port` does not say enough. */
export interface RouteSpec {
  /** `service:port`. */
  readonly to: string;
  /** What the service sees in place of the route's path: `/` strips it. @default the path as it came */
  readonly replacePath?: string;
  /** Largest request body below this path. @default the site's */
  readonly maxBodyMb?: number;
}

/** How often one visitor may ask, by the address that the edge names; more is answered 429. nginx only. */
export interface RateLimitSpec {
  /** Requests a second, in the long run. */
  readonly perSecond: number;
  /** Path prefix -> how many more may come at once; they are served at once too. All paths share one count. */
  readonly burst: Readonly<Record<string, number>>;
}

/** One site: a host of the zone and what answers under it. */
export interface SiteSpec {
  /** `@` for the apex, or a single label: Universal SSL covers one level. */
  readonly hostname: string;
  /** @default "origin-ca" */
  readonly tls?: TlsMode;
  /** Hosts that redirect here. @default none */
  readonly aliases?: readonly { readonly hostname: string; readonly redirect: true }[];
  /** Path prefix -> `service:port`, or more. `Authorization` and websockets pass. */
  readonly routes: Readonly<Record<string, string | RouteSpec>>;
  /** Exact path -> where it has moved for good (308): a path of this site or an https URL. @default none */
  readonly redirects?: Readonly<Record<string, string>>;
  /** Where the site says that it is well: 200, or a redirect, before a record points to it. @default "/up" */
  readonly healthPath?: string;
  /** On every answer, errors included, in place of what the application says. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** Zone -> limit. @default none */
  readonly rateLimits?: Readonly<Record<string, RateLimitSpec>>;
  /** Path prefixes that the proxy's logs have no word of: what is asked there names a secret. @default none */
  readonly unlogged?: readonly string[];
  /** Whether answers to the edge are compressed. @default false */
  readonly gzip?: boolean;
  /** Largest request body. @default 100, the edge's own limit */
  readonly maxBodyMb?: number;
}

export interface Route {
  readonly path: string;
  /** A unit's: where the proxy finds it. @default a container's, whose place changes with every version */
  readonly socket?: string;
  readonly service: string;
  readonly port: number;
  readonly replacePath?: string;
  readonly maxBodyMb: number;
}

/** A checked site: routes longest path first. */
export interface Site {
  readonly hostname: string;
  readonly tls: TlsMode;
  readonly redirectsFrom: readonly string[];
  readonly routes: readonly Route[];
  readonly redirects: Readonly<Record<string, string>>;
  readonly healthPath: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly rateLimits: Readonly<Record<string, RateLimitSpec>>;
  readonly unlogged: readonly string[];
  readonly gzip: boolean;
  readonly maxBodyMb: number;
}

const EDGE_BODY_LIMIT_MB = 100;

/** What the proxy adds where neither the site nor the application has one of its own. */
export const DEFAULT_HEADERS: Readonly<Record<string, string>> = {
  "Strict-Transport-Security": "max-age=31536000",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "strict-origin-when-cross-origin",
};

/** Fills in the defaults of a site without faults; `units` are the names that stand for no container. */
export function toSite(spec: SiteSpec, units: readonly string[] = []): Site {
  const maxBodyMb = spec.maxBodyMb ?? EDGE_BODY_LIMIT_MB;
  const routes = routesOf(spec, maxBodyMb, units);
  return {
    hostname: spec.hostname,
    tls: spec.tls ?? "origin-ca",
    redirectsFrom: redirectsTo(spec),
    routes: routes.sort((a, b) => b.path.length - a.path.length),
    redirects: spec.redirects ?? {},
    healthPath: spec.healthPath ?? "/up",
    headers: spec.headers ?? {},
    rateLimits: spec.rateLimits ?? {},
    unlogged: spec.unlogged ?? [],
    gzip: spec.gzip ?? false,
    maxBodyMb,
  };
}

function redirectsTo({ aliases = [] }: SiteSpec): string[] {
  return aliases.map(({ hostname }) => hostname);
}

function routesOf(
  { routes }: SiteSpec,
  maxBodyMb: number,
  units: readonly string[],
): Site["routes"][number][] {
  return Object.entries(routes).map(([path, given]) => {
    const { to, ...rest } = typeof given === "string" ? { to: given } : given;
    const [service, port] = to.split(":") as [string, string];
    const socket = units.includes(service) ? { socket: socketOf(service) } : {};
    return { path, service, port: Number(port), maxBodyMb, ...socket, ...rest };
  });
}

/** `/api` for `/api` and `/api/`, nothing for `/`: what a path prefix is without the slash at its end. */
export function withoutSlash(path: string): string {
  return path.replace(/\/$/, "");
}

/** Where a site's redirect leads: a path stays on the site's own host. */
export function redirectTarget(host: string, to: string): string {
  return to.startsWith("/") ? `https://${host}${to}` : to;
}
