import { BlockList, isIPv4, isIPv6 } from "node:net";
import { domainToASCII } from "node:url";
import { type CloudflareError, fault } from "./envelope";

/** What a record points to, in the form in which the API keeps it. */
export interface RecordContent {
  readonly content: string;
  readonly priority?: number;
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface ContentInput {
  readonly content?: unknown;
  readonly priority?: unknown;
  readonly data?: unknown;
}

const LABEL = /^(\*|[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)$/;

// Members of `data` that the type's text form is made of, in its order.
const DATA_FIELDS: Readonly<Record<string, readonly string[]>> = {
  CAA: ["flags", "tag", "value"],
  CERT: ["type", "key_tag", "algorithm", "certificate"],
  DNSKEY: ["flags", "protocol", "algorithm", "public_key"],
  DS: ["key_tag", "algorithm", "digest_type", "digest"],
  HTTPS: ["priority", "target", "value"],
  NAPTR: ["order", "preference", "flags", "service", "regex", "replacement"],
  SMIMEA: ["usage", "selector", "matching_type", "certificate"],
  SRV: ["priority", "weight", "port", "target"],
  SSHFP: ["algorithm", "type", "fingerprint"],
  SVCB: ["priority", "target", "value"],
  TLSA: ["usage", "selector", "matching_type", "certificate"],
  URI: ["priority", "weight", "target"],
};
const TEXT_TYPES = ["A", "AAAA", "CNAME", "MX", "NS", "OPENPGPKEY", "PTR", "TXT"];
const QUOTED: Readonly<Record<string, readonly string[]>> = { CAA: ["value"], URI: ["target"] };

/** The record type in capitals; LOC is the one type that is left out here. */
export function recordType(given: unknown): string {
  const type = typeof given === "string" ? given.toUpperCase() : "";
  if (TEXT_TYPES.includes(type) || type in DATA_FIELDS) return type;
  throw fault(400, 9020, "Invalid DNS record type.");
}

/**
 * The full name in Punycode and small letters. A name that is not in the zone is taken as one below it, so
 * `www.example.org` in `example.com` becomes `www.example.org.example.com`, as the real API has it.
 */
export function recordName(given: unknown, zone: string): string {
  const text = typeof given === "string" ? given.trim().toLowerCase().replace(/\.$/, "") : "";
  const ascii = /^[\x20-\x7e]*$/.test(text) ? text : domainToASCII(text);
  const isInside = ascii === zone || ascii.endsWith(`.${zone}`);
  const name = ascii === "@" ? zone : isInside ? ascii : `${ascii}.${zone}`;
  if (ascii === "" || !isName(name)) throw fault(400, 9000, "DNS name is invalid.");
  return name;
}

function isName(name: string): boolean {
  return name.length <= 253 && name.split(".").every((label) => label.length <= 63 && LABEL.test(label));
}

/** Checks and normalises what belongs to the type. */
export function recordContent(type: string, name: string, input: ContentInput): RecordContent {
  const fields = DATA_FIELDS[type];
  if (fields) return dataContent(type, fields, input);
  if (typeof input.content !== "string" || input.content === "") throw missing("content");
  const content = textContent(type, name, input.content.trim());
  return type === "MX" ? { content, priority: priorityOf(input.priority) } : { content };
}

const HOST_CODES: Readonly<Record<string, number>> = { CNAME: 9007, NS: 9008, MX: 9009, PTR: 9012 };

function textContent(type: string, name: string, content: string): string {
  if (type === "A" && !isIPv4(content))
    throw fault(400, 9005, "Content for A record must be a valid IPv4 address.");
  if (type === "AAAA") return shortIpv6(content);
  if (type === "CNAME" && hostname(content) === name)
    throw fault(400, 9039, "CNAME content cannot reference itself.");
  const code = HOST_CODES[type];
  return code === undefined ? content : host(content, code, type);
}

// A URL writes addresses in their shortest form.
function shortIpv6(content: string): string {
  if (isIPv6(content) && !content.includes("%")) return new URL(`http://[${content}]`).hostname.slice(1, -1);
  throw fault(400, 9006, "Content for AAAA record must be a valid IPv6 address.");
}

// The letters' case is kept: the API echoes it.
function host(content: string, code: number, type: string): string {
  const bare = content.replace(/\.$/, "");
  if (isName(hostname(content)) && !isIPv4(bare)) return bare;
  throw fault(400, code, `Content for ${type} record is invalid.`);
}

function hostname(content: string): string {
  return content.toLowerCase().replace(/\.$/, "");
}

function dataContent(
  type: string,
  fields: readonly string[],
  { data, priority }: ContentInput,
): RecordContent {
  if (typeof data !== "object" || data === null) throw missing("data");
  const given = { priority, ...data } as Record<string, unknown>;
  for (const field of fields) {
    if (given[field] === undefined || given[field] === null || given[field] === "") throw missing(field);
  }
  // SRV and URI answer their priority beside the content, HTTPS and SVCB within it.
  const isBeside = type === "SRV" || type === "URI";
  const shown = fields.filter((field) => !(isBeside && field === "priority"));
  const content = shown.map((field) => shownValue(type, field, given[field])).join(" ");
  const kept = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined && value !== null),
  );
  return isBeside ? { content, priority: priorityOf(given.priority), data: kept } : { content, data: kept };
}

function shownValue(type: string, field: string, value: unknown): string {
  return QUOTED[type]?.includes(field) ? JSON.stringify(value) : String(value);
}

function priorityOf(given: unknown): number {
  if (given === undefined || given === null) throw missing("priority");
  if (Number.isInteger(given) && (given as number) >= 0 && (given as number) <= 65_535)
    return given as number;
  throw fault(400, 9020, "Priority must be between 0 and 65535.");
}

function missing(field: string): CloudflareError {
  return fault(400, 9101, `${field} is a required data field.`);
}

const UNREACHABLE = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 3],
] as const) {
  UNREACHABLE.addSubnet(network, prefix);
}

/**
 * Whether Cloudflare could stand before it: addresses and aliases, but neither private addresses nor its own.
 * The local cloud's servers have private ones, so `hosts` (CIDR) is let through.
 */
export function isProxiable(
  type: string,
  content: string,
  local: { hosts: string; edgeRange: string },
): boolean {
  if (type !== "A") return type === "AAAA" || type === "CNAME";
  if (isWithin(content, local.hosts)) return true;
  return !UNREACHABLE.check(content) && !isWithin(content, local.edgeRange);
}

function isWithin(address: string, cidr: string): boolean {
  const [network = "", prefix] = cidr.split("/");
  const list = new BlockList();
  list.addSubnet(network, Number(prefix));
  return list.check(address);
}
