import { formatCidr, parseCidr } from "./cidr";

/**
 * The addresses that Cloudflare's edge calls origins from, as published on https://www.cloudflare.com/ips/ (lists
 * last changed by Cloudflare on 2023-09-28). A copy, so that a wrong answer of the network never opens the host.
 */
export const CLOUDFLARE_RANGES: readonly string[] = [
  "173.245.48.0/20",
  "103.21.244.0/22",
  "103.22.200.0/22",
  "103.31.4.0/22",
  "141.101.64.0/18",
  "108.162.192.0/18",
  "190.93.240.0/20",
  "188.114.96.0/20",
  "197.234.240.0/22",
  "198.41.128.0/17",
  "162.158.0.0/15",
  "104.16.0.0/13",
  "104.24.0.0/14",
  "172.64.0.0/13",
  "131.0.72.0/22",
  "2400:cb00::/32",
  "2606:4700::/32",
  "2803:f800::/32",
  "2405:b500::/32",
  "2405:8100::/32",
  "2a06:98c0::/29",
  "2c0f:f248::/32",
];

/** The widest prefixes that a range of an edge may have: Cloudflare's widest are /13 and /29. */
export const WIDEST_EDGE_PREFIX = { 4: 12, 6: 24 } as const;

/** What is wrong with one range, continuing "must …", or `undefined`. */
export function edgeRangeFault(text: string): string | undefined {
  const cidr = parseCidr(text);
  if (cidr === undefined) return "be an address range like 104.16.0.0/13";
  const widest = WIDEST_EDGE_PREFIX[cidr.version];
  if (cidr.prefix < widest) return `be /${widest} or narrower, as an edge's ranges are`;
  if (formatCidr(cidr) !== text) return `be written as ${formatCidr(cidr)}`;
  return undefined;
}

/** How a list answered by `GET /ips` compares with the expected one. Order does not matter. */
export type EdgeRangesCheck =
  | { readonly kind: "same" }
  | { readonly kind: "changed"; readonly added: readonly string[]; readonly removed: readonly string[] }
  | { readonly kind: "refused"; readonly reason: string };

/** Compares an answer with what is expected; an empty or too broad answer is refused, not called a change. */
export function checkEdgeRanges(
  fetched: readonly string[],
  expected: readonly string[] = CLOUDFLARE_RANGES,
): EdgeRangesCheck {
  if (fetched.length === 0) return { kind: "refused", reason: "must hold at least one range, got nothing" };
  for (const range of fetched) {
    const rule = edgeRangeFault(range);
    if (rule !== undefined) return { kind: "refused", reason: `must ${rule}, got ${JSON.stringify(range)}` };
  }
  const added = fetched.filter((range) => !expected.includes(range));
  const removed = expected.filter((range) => !fetched.includes(range));
  if (added.length === 0 && removed.length === 0) return { kind: "same" };
  return { kind: "changed", added, removed };
}
