import { isIP } from "node:net";
import { type InternetConfig, type InternetZone, zoneOf } from "../config";
import { recordsAt } from "../dns/records";
import { EdgeFailure } from "./failure";

/** Where the requests for a host go. */
export interface Route {
  readonly zone: InternetZone;
  /** IP address of the origin, or a name outside our zones that DNS knows. */
  readonly origin: string;
}

export type Scheme = "http" | "https";

/** How the origin is spoken to: `verify` is what strict modes ask of its certificate. */
export interface OriginProtocol {
  readonly scheme: Scheme;
  readonly verify: boolean;
}

const ALIASES = 8; // CNAMEs in a row

/** The origin of a proxied host name. Throws 1003 for an address, 1001 for a name that isn't proxied here. */
export function routeTo(config: InternetConfig, host: string): Route {
  if (isIP(host.replace(/^\[|\]$/g, "")) !== 0) throw new EdgeFailure(1003, "the host is an address");
  const zone = zoneOf(config, host);
  const proxied = zone && recordsAt(zone, host)?.some((record) => record.proxied);
  if (!zone || !proxied) throw new EdgeFailure(1001, "no proxied record has this name");
  return { zone, origin: originOf(config, host) };
}

function originOf(config: InternetConfig, host: string): string {
  let name = host;
  for (let step = 0; step < ALIASES; step++) {
    const zone = zoneOf(config, name);
    if (!zone) return name;
    const records = recordsAt(zone, name) ?? [];
    const address = ["A", "AAAA"].flatMap((type) => records.filter((record) => record.type === type))[0]
      ?.content;
    if (address === config.edge) throw new EdgeFailure(1000, `${name} points to the edge itself`);
    if (address !== undefined) return address;
    const alias = records.find(({ type }) => type === "CNAME");
    if (!alias) throw new EdgeFailure(1016, `${name} has no address`);
    name = alias.content.toLowerCase();
  }
  throw new EdgeFailure(1016, `${host} is an alias of an alias and so on`);
}

/** A zone's setting, or Cloudflare's default where the zone doesn't say. */
export function setting(zone: InternetZone, name: string, fallback: string): string {
  const value = zone.settings[name];
  return typeof value === "string" ? value : fallback;
}

/** Full and strict speak to the origin as the visitor spoke to the edge; SSL-only origin pull always by TLS. */
export function originProtocol(zone: InternetZone, visitor: Scheme): OriginProtocol {
  const mode = setting(zone, "ssl", "full");
  if (mode === "origin_pull") return { scheme: "https", verify: true };
  if (mode === "strict") return { scheme: visitor, verify: true };
  return { scheme: mode === "full" ? visitor : "http", verify: false };
}

/** The other scheme's address, where the zone sends this visitor to it. */
export function redirectOf(
  zone: InternetZone,
  visitor: Scheme,
  host: string,
  path: string,
): string | undefined {
  const off = setting(zone, "ssl", "full") === "off";
  if (visitor === "https") return off ? `http://${host}${path}` : undefined;
  return !off && setting(zone, "always_use_https", "off") === "on" ? `https://${host}${path}` : undefined;
}
