import { isIPv6 } from "node:net";
import { type InternetConfig, type InternetRecord, type InternetZone, zoneOf } from "../config";
import { recordsAt } from "./records";

/** Name servers of every zone: what Cloudflare's API names them, too. */
export const NAME_SERVERS = ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"] as const;

/** A resource record as dns-packet encodes it. */
export interface Answer {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly data: unknown;
}

export type Reply =
  | { readonly kind: "forward" }
  | {
      readonly kind: "answer";
      readonly nameExists: boolean;
      readonly answers: readonly Answer[];
      readonly authorities: readonly Answer[];
      /** A name that is not ours whose addresses go on under `owner`: the end of a CNAME. */
      readonly chase?: { readonly name: string; readonly owner: string };
    };

const AUTOMATIC_TTL = 300; // seconds: Cloudflare's for proxied records and for ttl 1
const DEPTH = 8; // CNAMEs in a row

/** What the internet answers to (name, type), as far as this cloud is the one to know. Pure. Throws for CNAMEs in a circle. */
export function resolve(config: InternetConfig, name: string, type: string): Reply {
  const asked = name.toLowerCase().replace(/\.$/, "");
  const fixed = config.names[asked];
  if (fixed !== undefined) {
    const answers = type === (isIPv6(fixed) ? "AAAA" : "A") ? [{ name, type, ttl: 60, data: fixed }] : [];
    return { kind: "answer", nameExists: true, answers, authorities: [] };
  }
  if (asked.endsWith(".arpa")) return reverse(config, name, asked, type);
  const zone = zoneOf(config, asked);
  return zone ? inZone(config, zone, name, asked, type, DEPTH) : { kind: "forward" };
}

function reverse(config: InternetConfig, name: string, asked: string, type: string): Reply {
  const known = Object.entries(config.reverse).find(([address]) => reverseName(address) === asked);
  if (!known) return { kind: "forward" };
  const answers = type === "PTR" ? [{ name, type, ttl: 3600, data: known[1] }] : [];
  return { kind: "answer", nameExists: true, answers, authorities: [] };
}

/** `1.0.18.198.in-addr.arpa`, or the nibbles of an IPv6 address under `ip6.arpa`. */
export function reverseName(address: string): string {
  if (!isIPv6(address)) return `${address.split(".").reverse().join(".")}.in-addr.arpa`;
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = (part: string | undefined): string[] => (part ? part.split(":") : []);
  const missing = 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(missing).fill("0"), ...groups(tail)];
  const nibbles = all.map((group) => group.padStart(4, "0")).join("");
  return `${Array.from(nibbles).reverse().join(".")}.ip6.arpa`;
}

function inZone(
  config: InternetConfig,
  zone: InternetZone,
  name: string,
  asked: string,
  type: string,
  depth: number,
): Reply {
  if (depth === 0) throw new Error(`${asked}: CNAMEs must end somewhere`);
  const records = recordsAt(zone, asked);
  const apex = asked === zone.name;
  const here = records ?? [];
  const alias = here.find((record) => record.type === "CNAME" && !record.proxied);
  const followed = !apex || type === "A" || type === "AAAA"; // other types may stand beside an apex's CNAME
  const answers = [...own(zone, name, type, here, apex), ...atEdge(config, name, type, here)];
  if (answers.length === 0 && alias && followed) return follow(config, alias, name, type, apex, depth);
  const authorities = answers.length === 0 ? [soa(zone)] : [];
  return { kind: "answer", nameExists: records !== undefined, answers, authorities };
}

/** A proxied name's address: the edge's. */
function atEdge(
  config: InternetConfig,
  name: string,
  type: string,
  here: readonly InternetRecord[],
): Answer[] {
  const asks = type === "A" && here.some((record) => record.proxied);
  return asks ? [{ name, type, ttl: AUTOMATIC_TTL, data: config.edge }] : [];
}

/** The records of the asked type themselves: those of a proxied name's origin stay unknown. */
function own(
  zone: InternetZone,
  name: string,
  type: string,
  here: readonly InternetRecord[],
  apex: boolean,
): Answer[] {
  if (type === "ANY") return [{ name, type: "HINFO", ttl: 3789, data: { cpu: "RFC8482", os: "" } }];
  if (apex && type === "SOA") return [soa(zone)];
  if (apex && type === "NS") return NAME_SERVERS.map((data) => ({ name, type, ttl: 86_400, data }));
  if (apex && type === "CNAME") return []; // flattened
  return here
    .filter((record) => record.type === type && !record.proxied)
    .map((record) => ({
      name,
      type,
      ttl: record.ttl === 1 ? AUTOMATIC_TTL : record.ttl,
      data: rdata(record),
    }));
}

function follow(
  config: InternetConfig,
  alias: InternetRecord,
  name: string,
  type: string,
  flatten: boolean,
  depth: number,
): Reply {
  const target = alias.content.toLowerCase().replace(/\.$/, "");
  const ttl = alias.ttl === 1 ? AUTOMATIC_TTL : alias.ttl;
  const link = flatten ? [] : [{ name, type: "CNAME", ttl, data: target }];
  const zone = zoneOf(config, target);
  const base = { kind: "answer", nameExists: true, authorities: [] } as const;
  if (!zone) return { ...base, answers: link, chase: { name: target, owner: flatten ? name : target } };
  const end = inZone(config, zone, target, target, type, depth - 1);
  if (end.kind === "forward") return { ...base, answers: link };
  const rest = flatten
    ? end.answers.filter((a) => a.type === type).map((a) => ({ ...a, name }))
    : end.answers;
  const chase = end.chase && flatten ? { ...end.chase, owner: name } : end.chase;
  return { ...end, nameExists: true, answers: [...link, ...rest], ...(chase ? { chase } : {}) };
}

/** Start of authority with the timers that Cloudflare's zones have. */
function soa(zone: InternetZone): Answer {
  const timers = { serial: 2_400_000_000, refresh: 10_000, retry: 2_400, expire: 604_800, minimum: 1_800 };
  const data = { mname: NAME_SERVERS[0], rname: "dns.cloudflare.com", ...timers };
  return { name: zone.name, type: "SOA", ttl: 1_800, data };
}

function rdata(record: InternetRecord): unknown {
  switch (record.type) {
    case "MX":
      return { preference: record.priority ?? 10, exchange: record.content };
    case "TXT":
      return texts(record.content);
    case "CAA": {
      const [, flags = "0", tag = "", value = ""] =
        /^(\d+)\s+(\w+)\s+"?([^"]*)"?$/.exec(record.content) ?? [];
      return { flags: Number(flags), tag, value, issuerCritical: Number(flags) >= 128 };
    }
    default:
      return record.content;
  }
}

/** A TXT record's strings: quoted ones as they are, bare content cut where a string ends (255 bytes). */
function texts(content: string): Buffer[] {
  const quoted = [...content.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1] ?? "");
  if (quoted.length > 0) return quoted.map((text) => Buffer.from(text.replace(/\\(.)/g, "$1")));
  const bytes = Buffer.from(content);
  const count = Math.max(1, Math.ceil(bytes.length / 255));
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * 255, (index + 1) * 255));
}
