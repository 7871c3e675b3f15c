import { specFault as fault, type Fault } from "./faults";
import type { SystemSpec } from "./system";
import {
  withoutSlash,
  type RateLimitSpec,
  type RouteSpec,
  type SiteSpec,
  type TlsMode,
} from "./system-sites";

const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;
const PATH = /^\/([A-Za-z0-9._~-]+\/?)*$/;
const TARGET = /^([^:]+):(\d{1,5})$/;
const HTTPS_URL = /^https:\/\/[a-z0-9.-]+(:\d{1,5})?(\/[A-Za-z0-9._~/?&=%#-]*)?$/;
const HEADER_NAME = /^[A-Za-z][A-Za-z0-9-]{0,63}$/;
/** Neither proxy has a way to write `$`, `{` or a backslash that it would not read as its own. */
const HEADER_VALUE = /^[^\x00-\x1f\x7f-\uffff${}\\`]+$/; // eslint-disable-line no-control-regex -- it refuses them
const OF_ONE_ANSWER = /^(connection|content-(length|type|encoding)|location|set-cookie|transfer-encoding)$/i;
const ZONE = /^[a-z][a-z0-9_]{0,29}$/;

/** Every broken rule of a system's sites. */
export function siteFaults(spec: SystemSpec): Fault[] {
  const hosts = new Set<string>();
  const zones = new Set<string>();
  const sites = spec.sites.flatMap((site, index) => {
    const path = `sites[${index}]`;
    return [
      ...hostnameFaults(`${path}.hostname`, site.hostname, hosts),
      ...(site.aliases ?? []).flatMap((alias, at) =>
        hostnameFaults(`${path}.aliases[${at}].hostname`, alias.hostname, hosts),
      ),
      ...routesFaults(spec, path, site),
      ...redirectFaults(path, site),
      ...pathFaults(`${path}.healthPath`, site.healthPath ?? "/"),
      ...headerFaults(path, site.headers ?? {}),
      ...rateLimitFaults(spec, path, site.rateLimits ?? {}, zones),
      ...unloggedFaults(spec, `${path}.unlogged`, site.unlogged ?? []),
      ...bodyFaults(`${path}.maxBodyMb`, site.maxBodyMb),
      ...tlsFaults(`${path}.tls`, site.tls),
    ];
  });
  return [...proxyFaults(spec), ...sites, ...portFaults(spec)];
}

function tlsFaults(path: string, tls: TlsMode = "origin-ca"): Fault[] {
  if (["origin-ca", "acme-dns", "acme-http"].includes(tls)) return [];
  return [fault(path, "be origin-ca, acme-dns or acme-http", tls, "leave it out for origin-ca")];
}

function proxyFaults({ proxy }: SystemSpec): Fault[] {
  if (proxy === undefined || ["caddy", "nginx"].includes(proxy)) return [];
  return [fault("proxy", "be caddy or nginx", proxy, "leave it out for caddy")];
}

function hostnameFaults(path: string, hostname: string, seen: Set<string>): Fault[] {
  if (hostname !== "@" && !LABEL.test(hostname)) {
    const rule = 'be "@" or one lowercase label, inside the zone: the edge\'s certificate covers one level';
    return [fault(path, rule, hostname, 'write "@", "www" or a label such as "app"')];
  }
  if (seen.has(hostname)) return [fault(path, "appear once", hostname, "remove one of the two")];
  seen.add(hostname);
  return [];
}

function routesFaults(spec: SystemSpec, path: string, site: SiteSpec): Fault[] {
  const routes = Object.entries(site.routes);
  if (routes.length === 0) {
    return [fault(`${path}.routes`, "hold at least one route", "", 'add "/": "web:3000"')];
  }
  const prefixes = new Set<string>();
  return routes.flatMap(([prefix, given]) => {
    const at = `${path}.routes[${JSON.stringify(prefix)}]`;
    const route = typeof given === "string" ? { to: given } : given;
    const isTwice = prefixes.has(withoutSlash(prefix));
    prefixes.add(withoutSlash(prefix));
    return [
      ...pathFaults(at, prefix),
      ...(isTwice ? [fault(at, "appear once, with or without / at its end", prefix, "remove one")] : []),
      ...routeFaults(spec, at, route),
    ];
  });
}

function routeFaults(spec: SystemSpec, at: string, route: RouteSpec): Fault[] {
  const faults: Fault[] = [];
  const [, service, port] = TARGET.exec(route.to) ?? [];
  if (service === undefined || Number(port) < 1 || Number(port) > 65535) {
    faults.push(fault(at, "be service:port with a port from 1 to 65535", route.to, 'write "web:3000"'));
  } else {
    faults.push(...targetFaults(spec, at, service, Number(port)));
  }
  if (route.replacePath !== undefined) faults.push(...pathFaults(`${at}.replacePath`, route.replacePath));
  return [...faults, ...bodyFaults(`${at}.maxBodyMb`, route.maxBodyMb)];
}

function targetFaults(spec: SystemSpec, at: string, name: string, port: number): Fault[] {
  const known = Object.keys({ ...spec.services, ...spec.units });
  if (!known.includes(name))
    return [fault(at, "name a service of this system", name, `use one of: ${known.join(", ")}`)];
  const own = spec.units?.[name]?.port ?? port;
  if (port === own) return [];
  return [fault(at, `route to the unit's own port ${own}`, port, `write "${name}:${own}"`)];
}

/** A service is switched to its next container by one line, which names one port. */
function portFaults(spec: SystemSpec): Fault[] {
  const targets = spec.sites.flatMap((site) =>
    Object.values(site.routes).map((route) => (typeof route === "string" ? route : route.to)),
  );
  const ports = new Map<string, string>();
  return [...new Set(targets)].flatMap((target) => {
    const [service = "", port = ""] = target.split(":");
    const other = ports.get(service);
    ports.set(service, port);
    if (other === undefined) return [];
    const rule = `route to one port of service ${service}`;
    return [fault("sites", rule, `${other} and ${port}`, "make it two services")];
  });
}

function pathFaults(at: string, path: string): Fault[] {
  if (PATH.test(path)) return [];
  return [fault(at, "have a path of / and plain characters", path, 'write "/" or "/api"')];
}

function redirectFaults(path: string, site: SiteSpec): Fault[] {
  return Object.entries(site.redirects ?? {}).flatMap(([from, to]) => {
    const at = `${path}.redirects[${JSON.stringify(from)}]`;
    const faults = pathFaults(at, from);
    if (!PATH.test(to) && !HTTPS_URL.test(to)) {
      faults.push(fault(at, "lead to a path or an https URL", to, 'write "/new" or "https://example.org/"'));
    }
    if (from === to) faults.push(fault(at, "lead somewhere else", to, "remove the redirect"));
    return faults;
  });
}

function headerFaults(path: string, headers: Readonly<Record<string, string>>): Fault[] {
  const seen = new Set<string>();
  return Object.entries(headers).flatMap(([name, value]) => {
    const at = `${path}.headers.${name}`;
    const faults: Fault[] = [];
    if (!HEADER_NAME.test(name))
      faults.push(fault(at, "be named in letters, digits and -", name, "write it like X-Frame-Options"));
    if (OF_ONE_ANSWER.test(name))
      faults.push(fault(at, "be a header that all answers can share", name, "leave it to the application"));
    if (seen.has(name.toLowerCase()))
      faults.push(fault(at, "appear once, whatever its case", name, "remove one of the two"));
    if (!HEADER_VALUE.test(value)) {
      const rule = "be printable ASCII without $ { } ` and backslash";
      faults.push(fault(at, rule, value, "leave it to the application"));
    }
    seen.add(name.toLowerCase());
    return faults;
  });
}

function unloggedFaults({ proxy }: SystemSpec, at: string, paths: readonly string[]): Fault[] {
  const faults = paths.flatMap((each) => pathFaults(at, each));
  if (paths.length === 0 || proxy === "nginx") return faults;
  const rule = "be left out with Caddy, whose errors name every request";
  return [fault(at, rule, paths.join(", "), 'set proxy: "nginx"'), ...faults];
}

function rateLimitFaults(
  spec: SystemSpec,
  path: string,
  limits: Readonly<Record<string, RateLimitSpec>>,
  zones: Set<string>,
): Fault[] {
  const entries = Object.entries(limits);
  const faults = entries.flatMap(([zone, limit]) => {
    const isTwice = zones.has(zone);
    zones.add(zone);
    return [
      ...(isTwice
        ? [fault(`${path}.rateLimits.${zone}`, "appear once in the system", zone, "rename it")]
        : []),
      ...limitFaults(`${path}.rateLimits.${zone}`, zone, limit),
    ];
  });
  if (entries.length === 0 || spec.proxy === "nginx") return faults;
  const rule = "be left out with Caddy, which cannot count requests without a plugin";
  return [fault(`${path}.rateLimits`, rule, entries.map(([zone]) => zone).join(", "), NGINX), ...faults];
}

const NGINX = 'set proxy: "nginx", or limit at the edge';

function limitFaults(at: string, zone: string, limit: RateLimitSpec): Fault[] {
  const faults: Fault[] = [];
  if (!ZONE.test(zone)) faults.push(fault(at, "be named in a-z, digits and _", zone, "rename it like api"));
  if (!isCount(limit.perSecond, 1))
    faults.push(
      fault(`${at}.perSecond`, "be a whole number from 1 to 10000", limit.perSecond, "set it to 10"),
    );
  const bursts = Object.entries(limit.burst);
  if (bursts.length === 0) faults.push(fault(`${at}.burst`, "hold at least one path", "", 'add "/api": 20'));
  for (const [prefix, burst] of bursts) {
    const where = `${at}.burst[${JSON.stringify(prefix)}]`;
    faults.push(...pathFaults(where, prefix));
    if (!isCount(burst, 0))
      faults.push(fault(where, "be a whole number from 0 to 10000", burst, "set it to 20"));
  }
  return faults;
}

function isCount(value: number, least: number): boolean {
  return Number.isInteger(value) && value >= least && value <= 10_000;
}

function bodyFaults(path: string, limit = 1): Fault[] {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 500) return [];
  return [fault(path, "be a whole number from 1 to 500", limit, "set it to 100 or leave it out")];
}
