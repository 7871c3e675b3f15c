import { fault, newId } from "./envelope";
import { isProxiable, recordContent, recordName, recordType } from "./record-content";
import type { DnsRecord } from "./state";

export type RecordInput = Readonly<Record<string, unknown>>;

export interface ZoneRules {
  readonly zone: string;
  /** CIDR of the addresses that stand for public ones. */
  readonly hosts: string;
  readonly edgeRange: string;
}

const ADDRESSES = ["A", "AAAA"];
const SETTINGS = ["ipv4_only", "ipv6_only", "flatten_cname"];
const TAG = /^[\w-]{1,32}(:.{0,100})?$/;
const MAX_COMMENT = 100; // Free plan

/**
 * A record from a request, checked and normalised; `old` is the one that it replaces. Throws the fault that the
 * API answers: status 400, with codes as read in reports of the real API.
 */
export function makeRecord(input: RecordInput, rules: ZoneRules, old?: DnsRecord): DnsRecord {
  const type = recordType(input.type);
  const name = recordName(input.name, rules.zone);
  const body = recordContent(type, name, input);
  const proxiable = isProxiable(type, body.content, rules);
  const proxied = proxiedOf(input.proxied, type, body.content, proxiable);
  const now = new Date().toISOString();
  return {
    id: newId(),
    meta: {},
    created_on: now,
    ...kept(old),
    name,
    type,
    ...body,
    proxiable,
    proxied,
    ttl: proxied ? 1 : ttlOf(input.ttl),
    settings: settingsOf(input.settings, type),
    ...commentOf(input.comment, now, old),
    ...tagsOf(input.tags, now, old),
    modified_on: now,
  };
}

function kept(old?: DnsRecord): Pick<DnsRecord, "id" | "meta" | "created_on"> | undefined {
  return old && { id: old.id, meta: old.meta, created_on: old.created_on };
}

/** Throws where the record cannot stand beside the others of its zone. */
export function assertFits(record: DnsRecord, others: readonly DnsRecord[], zone: string): void {
  const beside = others.filter(({ id, name }) => id !== record.id && name === record.name);
  const has = (...types: string[]): boolean => beside.some(({ type }) => types.includes(type));
  const twin = beside.find((one) => contentKey(one) === contentKey(record));
  if (twin) {
    throw isSame(settingsKey(twin), settingsKey(record))
      ? fault(400, 81058, "An identical record already exists.")
      : fault(400, 81057, "The record already exists.");
  }
  if (record.type === "CNAME" && has("A", "AAAA", "CNAME")) {
    throw fault(400, 81053, "An A, AAAA, or CNAME record with that host already exists.");
  }
  if (ADDRESSES.includes(record.type) && has("CNAME")) {
    throw fault(400, 81054, "A CNAME record with that host already exists.");
  }
  if (record.name !== zone) assertDelegationAlone(record, beside);
}

// Below the apex NS hands a name to other servers: nothing but DS stands beside it.
function assertDelegationAlone(record: DnsRecord, beside: readonly DnsRecord[]): void {
  const [types, others] = [[record.type], beside.map(({ type }) => type)];
  const isMixed = (some: string[], rest: string[]): boolean =>
    some.includes("NS") && rest.some((type) => type !== "NS" && type !== "DS");
  if (isMixed(types, others) || isMixed(others, types)) {
    throw fault(400, 81056, "NS records with that host already exist.");
  }
}

function contentKey({ type, content, priority, data }: DnsRecord): string {
  return JSON.stringify([type, content, priority, data]);
}

function settingsKey({ ttl, proxied, settings, comment, tags }: DnsRecord): unknown {
  return [ttl, proxied, settings, comment, tags];
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function proxiedOf(given: unknown, type: string, content: string, proxiable: boolean): boolean {
  if (given !== true) return false;
  if (proxiable) return true;
  if (ADDRESSES.includes(type))
    throw fault(400, 9003, `Target ${content} is not allowed for a proxied record.`);
  throw fault(400, 9004, "This record type cannot be proxied.");
}

function ttlOf(given: unknown): number {
  const ttl = given ?? 1;
  if (Number.isInteger(ttl) && (ttl === 1 || ((ttl as number) >= 60 && (ttl as number) <= 86_400)))
    return ttl as number;
  throw fault(400, 9021, "TTL must be between 60 and 86400 seconds, or 1 for Automatic.");
}

function commentOf(
  given: unknown,
  now: string,
  old?: DnsRecord,
): Pick<DnsRecord, "comment" | "comment_modified_on"> {
  const comment = given ?? "";
  if (typeof comment !== "string" || comment.length > MAX_COMMENT) {
    throw fault(400, 9300, `DNS record comment must be a string of at most ${MAX_COMMENT} characters.`);
  }
  if (comment === "") return { comment: null };
  return { comment, comment_modified_on: (old?.comment === comment && old.comment_modified_on) || now };
}

function tagsOf(given: unknown, now: string, old?: DnsRecord): Pick<DnsRecord, "tags" | "tags_modified_on"> {
  const tags = (given ?? []) as unknown[];
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === "string" && TAG.test(tag))) {
    throw fault(400, 9301, "DNS record tags must be strings of the form name:value.");
  }
  if (tags.length === 0) return { tags: [] };
  const unique = [...new Set(tags as string[])];
  return { tags: unique, tags_modified_on: (isSame(old?.tags, unique) && old?.tags_modified_on) || now };
}

function settingsOf(given: unknown, type: string): Record<string, boolean> {
  const settings = Object.entries((given ?? {}) as Record<string, unknown>).filter(
    ([key, value]) => SETTINGS.includes(key) && typeof value === "boolean",
  );
  return { ...(type === "CNAME" ? { flatten_cname: false } : {}), ...Object.fromEntries(settings) };
}
