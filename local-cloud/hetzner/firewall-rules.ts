import { isIPv4, isIPv6 } from "node:net";
import { z } from "zod";
import { ipv4Number } from "./cidr";
import type { FirewallRule } from "./types";

const PORT = /^(any|\d{1,5}(-\d{1,5})?)$/;

/** RFC 5952 form of an IPv6 address; as `URL` writes it. */
function canonicalIpv6(address: string): string {
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}

function ipv6Bits(address: string): string {
  const [head = "", tail] = canonicalIpv6(address).split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const middle = Array<string>(8 - left.length - right.length).fill("0");
  return [...left, ...middle, ...right]
    .map((group) => parseInt(group, 16).toString(2).padStart(16, "0"))
    .join("");
}

function canonicalIpv6Block(address: string, bits: number): string | undefined {
  if (address.includes(".") || bits > 128) return undefined;
  return ipv6Bits(address).slice(bits).includes("1") ? undefined : `${canonicalIpv6(address)}/${bits}`;
}

/** The block in canonical form; undefined when it is none or has host bits. */
export function canonicalCidr(text: string): string | undefined {
  const [address = "", length = ""] = text.split("/");
  if (!/^\d{1,3}$/.test(length)) return undefined;
  const bits = Number(length);
  if (isIPv6(address)) return canonicalIpv6Block(address, bits);
  if (!isIPv4(address) || bits > 32) return undefined;
  return ipv4Number(address) % 2 ** (32 - bits) === 0 ? text : undefined;
}

function portFault(protocol: string, port: string | null): string | undefined {
  const ported = protocol === "tcp" || protocol === "udp";
  if (!ported) return port ? `is not allowed for protocol '${protocol}'` : undefined;
  if (!port) return `is required for protocol '${protocol}'`;
  return portRangeFault(port);
}

function portRangeFault(port: string): string | undefined {
  if (!PORT.test(port)) return "must be a port or a range of ports";
  if (port === "any") return undefined;
  const [from = 0, to = from] = port.split("-").map(Number);
  return from < 1 || to > 65535 || from > to ? "must be within 1 and 65535, lower bound first" : undefined;
}

const block = z.string().transform((text, context) => {
  const canonical = canonicalCidr(text);
  if (canonical === undefined)
    context.addIssue({ code: "custom", message: `'${text}' is not a CIDR block without host bits` });
  return canonical ?? text;
});
const blocks = z.array(block).max(100, "at most 100 CIDR blocks").default([]);

const rule = z
  .object({
    direction: z.enum(["in", "out"]),
    protocol: z.enum(["tcp", "udp", "icmp", "esp", "gre"]),
    port: z.string().nullish(),
    source_ips: blocks,
    destination_ips: blocks,
    description: z.string().max(255, "is too long").nullish(),
  })
  .superRefine((one, context) => {
    const fault = (path: string, message: string): void =>
      context.addIssue({ code: "custom", path: [path], message });
    const [needed, other] =
      one.direction === "in"
        ? (["source_ips", "destination_ips"] as const)
        : (["destination_ips", "source_ips"] as const);
    if (one[needed].length === 0) fault(needed, `must be set for direction '${one.direction}'`);
    if (one[other].length > 0) fault(other, `must be empty for direction '${one.direction}'`);
    const wrong = portFault(one.protocol, one.port ?? null);
    if (wrong) fault("port", wrong);
  })
  .transform((one): FirewallRule => ({
    ...one,
    port: one.port ?? null,
    description: one.description ?? null,
  }));

/** A firewall's rules as the API takes them, blocks in canonical form. */
export const rules = z.array(rule).max(50, "at most 50 rules");
