import type { Context } from "./context";
import { limitExceeded } from "./errors";
import type { PrimaryIp } from "./types";

/** Room that is kept free at the end of the hosts' range: addresses of hosts that have none in public. */
const LAST = 250 * 256;

function dotted(base: string, offset: number): string {
  const octets = base.split(".").map(Number);
  return `${octets[0]}.${octets[1]}.${Math.floor(offset / 256)}.${offset % 256}`;
}

/** The next free IPv4 address of the hosts' /16, from .0.10 up and around. */
export function allocateIpv4({ state, settings }: Context): string {
  const taken = new Set(state.primary_ips.map((ip) => ip.ip));
  for (let tries = 0; tries < LAST; tries++) {
    const offset = state.next_address;
    state.next_address = offset + 1 < LAST ? offset + 1 : 10;
    const address = dotted(settings.hosts, offset);
    if (!/\.(0|255)$/.test(address) && !taken.has(address)) return address;
  }
  throw limitExceeded("primary_ip_limit", "primary ip limit exceeded");
}

/** A /64 of the documentation prefix (RFC 3849): an identity only, no IPv6 packet reaches a host. */
export function allocateIpv6({ state, settings }: Context): string {
  const [, second = 0] = settings.hosts.split(".").map(Number);
  const taken = new Set(state.primary_ips.map((ip) => ip.ip));
  let block = 1;
  while (taken.has(`2001:db8:${second.toString(16)}:${block.toString(16)}::/64`)) block++;
  return `2001:db8:${second.toString(16)}:${block.toString(16)}::/64`;
}

/** The name that an IPv4 address has until somebody sets another one. */
function defaultName(address: string): string {
  return `static.${address.split(".").reverse().join(".")}.clients.your-server.de`;
}

/** Sets, or with null resets, the reverse name of one of the block's addresses. */
export function setReverse(context: Context, ip: PrimaryIp, address: string, name: string | null): void {
  const effective = name ?? (ip.type === "ipv4" ? defaultName(address) : null);
  const others = ip.dns_ptr.filter((one) => one.ip !== address);
  ip.dns_ptr = effective === null ? others : [...others, { ip: address, dns_ptr: effective }];
  context.onReverse(address, effective);
}

/** All reverse names go with the address. */
export function dropReverse(context: Context, ip: PrimaryIp): void {
  for (const one of ip.dns_ptr) context.onReverse(one.ip, null);
}
