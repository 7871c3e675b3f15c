import { fullHostname, type System } from "../../components/lib/system";
import { withoutSlash, type Site } from "../../components/lib/system-sites";
import {
  broken,
  checkOf,
  proven,
  replaceStep,
  together,
  type Check,
  type Expected,
  type Verdict,
} from "./check";
import type { HostFacts, Output } from "./facts";

/** How the proxy speaks TLS, and how often it lets one visitor ask. */
export const PROXY_CHECKS: readonly Check[] = [
  checkOf("S4-9", "the origin speaks TLS 1.2 and 1.3, and nothing older", "host", (host) =>
    tlsVerdict(host.tls),
  ),
  checkOf(
    "S4-12",
    "the proxy limits one visitor's rate, and nobody else's",
    "host",
    limitsVerdict,
    (system) => system.sites.some(({ rateLimits }) => Object.keys(rateLimits).length > 0),
  ),
];

const REDO_CONFIG = replaceStep("proxy-config");
const OLD = ["TLSv1", "TLSv1.1"];
const CURRENT = ["TLSv1.2", "TLSv1.3"];

/** Each version of TLS alone, offered to each host: `HOST VERSION ANSWER`. */
export function tlsVerdict({ out }: Output): Verdict {
  const lines = out.split("\n").filter((line) => line !== "");
  if (lines.length === 0) return broken("no host was asked", "homeport ssh, then look");
  const faults = lines.flatMap((line) => {
    const [host = "", version = "", ...answer] = line.split(" ");
    const fault = versionFault(version, answer.join(" "));
    return fault === undefined ? [] : [broken(`${host}: ${fault}`, REDO_CONFIG)];
  });
  return faults.length > 0 ? together(faults) : proven(`${CURRENT.join(" and ")}; ${OLD.join(", ")} refused`);
}

/** A refusal is an alert: a client that cannot speak a version proves nothing. */
function versionFault(version: string, answer: string): string | undefined {
  const isRefused = answer.startsWith("SSL alert number");
  const isSpoken = answer === `Protocol version: ${version}`;
  if (!isRefused && !isSpoken) return `${version} could not be tried: ${answer || "no answer"}`;
  if (OLD.includes(version)) return isSpoken ? `it takes ${version}` : undefined;
  return isSpoken ? undefined : `it refuses ${version}`;
}

/** Requests to a path, all at once. */
export interface Flood {
  readonly host: string;
  readonly path: string;
  readonly requests: number;
}

/** More at once would take connections from visitors. */
const MOST_REQUESTS = 250;
/** Seconds that a slow host may take to send them. */
const SLOW = 5;

/**
 * For each limited path as many requests as must meet the limit, asked on the host itself: no visitor's count, and no
 * request whole, so that none reaches a service. None for a limit that would need more of them than are harmless, or where
 * no route is: what has no service behind it is answered before it is counted.
 */
export function floodsOf({ sites }: Pick<System, "sites">, domain: string): Flood[] {
  return sites.flatMap((site) =>
    limitsOf(site).flatMap(({ path, perSecond, burst }) => {
      const requests = burst + SLOW * perSecond + SLOW;
      if (requests > MOST_REQUESTS || !isRouted(site, path)) return [];
      const host = fullHostname(site.hostname, domain);
      return [{ host, path: `${withoutSlash(path)}/homeport-verify`, requests }];
    }),
  );
}

function limitsOf({ rateLimits }: Site): { zone: string; path: string; perSecond: number; burst: number }[] {
  return Object.entries(rateLimits).flatMap(([zone, { perSecond, burst }]) =>
    Object.entries(burst).map(([path, more]) => ({ zone, path, perSecond, burst: more })),
  );
}

function isRouted({ routes }: Site, path: string): boolean {
  return routes.some((route) => `${withoutSlash(path)}/`.startsWith(`${withoutSlash(route.path)}/`));
}

/** What nginx reads says whose requests it counts and how many it takes; what it answers, that it does. */
export function limitsVerdict(
  { nginx, floods }: Pick<HostFacts, "nginx" | "floods">,
  { system, config }: Expected,
): Verdict {
  const lines = nginx.out.split("\n").map((line) => line.trim().replace(/\s+/g, " "));
  const missing = directivesOf(system.sites, config.edgeCidrs).filter((line) => !lines.includes(line));
  return together([
    ...missing.map((line) => broken(`nginx -T does not say ${line.slice(0, -1)}`, REDO_CONFIG)),
    ...floodsOf(system, config.domain).map((flood) => floodVerdict(flood, floods)),
    proven("counted by the address that the edge names"),
  ]);
}

function directivesOf(sites: readonly Site[], edgeCidrs: readonly string[]): string[] {
  const limits = sites
    .flatMap(limitsOf)
    .flatMap(({ zone, perSecond, burst }) => [
      `limit_req_zone $binary_remote_addr zone=${zone}:10m rate=${perSecond}r/s;`,
      `limit_req zone=${zone}${burst === 0 ? "" : ` burst=${burst} nodelay`};`,
    ]);
  const believed = edgeCidrs.map((cidr) => `set_real_ip_from ${cidr};`);
  return [...new Set([...limits, "real_ip_header CF-Connecting-IP;", ...believed])];
}

/** `HOST PATH`, then how often each status was the answer: `21 000 54 429`; the first 429 ends it, 000 is all the rest. */
function floodVerdict({ host, path, requests }: Flood, { out }: Output): Verdict {
  const start = `${host} ${path} `;
  const answers = out.split("\n").find((line) => line.startsWith(start));
  const where = `${host}${path}`;
  if (answers === undefined) return broken(`${where} was not asked`, "homeport ssh, then look");
  if (/ \d+ 429\b/.test(answers)) return proven(`${where}: too much within ${requests} requests`);
  const said = answers.slice(start.length);
  return broken(`${where}: none of ${requests} requests at once was answered 429, but ${said}`, REDO_CONFIG);
}
