import { z } from "zod";
import { containsCidr, formatCidr, hasHostBits, parseCidr } from "./cidr";
import { edgeRangeFault } from "./cloudflare-ranges";
import type { ConfigReader } from "./config-reader";

type ListKey = "homeport:adminCidrs" | "homeport:edgeCidrs";

const LIST = z.array(z.string());
const WIDEST_ADMIN_PREFIX = { 4: 8, 6: 32 } as const;
/** Hetzner: at most 100 source addresses per rule. */
const LONGEST_LIST = 100;
const EXAMPLE = { "homeport:adminCidrs": "203.0.113.7/32", "homeport:edgeCidrs": "198.51.100.0/24" } as const;

/** Who may reach SSH. At least one range, none of them the whole internet. */
export function adminCidrs(reader: ConfigReader): readonly string[] {
  const key = "homeport:adminCidrs";
  const ranges = listOf(reader, key, adminRangeFault);
  if (ranges === undefined || ranges.length > 0) return ranges ?? [];
  const fix = reader.pathCommand(`${key}[0]`, EXAMPLE[key]);
  reader.fault(key, "name at least one address range that may reach SSH", "", fix);
  return [];
}

/** The edge's ranges, or `undefined` for Cloudflare's own. */
export function edgeCidrs(reader: ConfigReader): readonly string[] | undefined {
  const ranges = listOf(reader, "homeport:edgeCidrs", edgeRangeFault);
  return ranges === undefined || ranges.length === 0 ? undefined : ranges;
}

/** `undefined` after a fault of the list itself; an absent list is empty. */
function listOf(
  reader: ConfigReader,
  key: ListKey,
  faultOf: (text: string) => string | undefined,
): readonly string[] | undefined {
  const absent = reader.optional(key) === undefined;
  const ranges = absent ? [] : reader.structure(key, LIST, "be a list of address ranges");
  if (ranges === undefined) return undefined;
  if (ranges.length > LONGEST_LIST) reader.fault(key, `hold at most ${LONGEST_LIST} ranges`, ranges.length);
  for (const [index, range] of ranges.entries()) {
    const path = `${key}[${index}]`;
    const rule = faultOf(range) ?? duplicateFault(ranges, index);
    if (rule !== undefined) reader.faultAt(path, rule, range, reader.pathCommand(path, EXAMPLE[key]));
  }
  return ranges;
}

function adminRangeFault(text: string): string | undefined {
  const cidr = parseCidr(text);
  if (cidr === undefined) return "be an address range like 203.0.113.7/32";
  if (cidr.prefix === 0) return "be narrower than the whole internet";
  const widest = WIDEST_ADMIN_PREFIX[cidr.version];
  if (cidr.prefix < widest) return `be /${widest} or narrower`;
  if (hasHostBits(cidr)) return `have no bits right of its prefix: ${formatCidr(cidr)} is that range`;
  return undefined;
}

function duplicateFault(ranges: readonly string[], index: number): string | undefined {
  const cidr = parseCidr(ranges[index] ?? "");
  for (const [at, other] of ranges.entries()) {
    const wider = parseCidr(other);
    if (at === index || cidr === undefined || wider === undefined || !containsCidr(wider, cidr)) continue;
    const same = formatCidr(wider) === formatCidr(cidr);
    if (same ? at < index : true) return same ? `differ from [${at}]` : `not lie inside [${at}]`;
  }
  return undefined;
}
