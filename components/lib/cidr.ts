import { isIP } from "node:net";

/** A checked address range. */
export interface Cidr {
  readonly version: 4 | 6;
  /** The address as a number of 32 or 128 bits. */
  readonly address: bigint;
  readonly prefix: number;
}

const V4_BITS = 32;
const V6_BITS = 128;
const RANGE = /^([0-9a-fA-F.:]+)\/(0|[1-9]\d{0,2})$/;

/** `undefined` for anything but `address/prefix`; host bits may be set, see {@link hasHostBits}. */
export function parseCidr(text: string): Cidr | undefined {
  const [, address = "", prefixText] = RANGE.exec(text) ?? [];
  const version = isIP(address);
  const prefix = Number(prefixText);
  if ((version !== 4 && version !== 6) || prefix > bits(version)) return undefined;
  return { version, address: version === 4 ? parseV4(address) : parseV6(address), prefix };
}

/** True where bits right of the prefix are set, as in 10.0.0.1/24. */
export function hasHostBits(cidr: Cidr): boolean {
  return network(cidr) !== cidr.address;
}

/** Canonical text (RFC 5952 for v6) without host bits: two texts of one range give the same. */
export function formatCidr(cidr: Cidr): string {
  const address = network(cidr);
  return `${cidr.version === 4 ? formatV4(address) : formatV6(address)}/${cidr.prefix}`;
}

/** True when every address of `inner` is in `outer`. */
export function containsCidr(outer: Cidr, inner: Cidr): boolean {
  if (outer.version !== inner.version || outer.prefix > inner.prefix) return false;
  return network({ ...inner, prefix: outer.prefix }) === network(outer);
}

function bits(version: 4 | 6): number {
  return version === 4 ? V4_BITS : V6_BITS;
}

function network(cidr: Cidr): bigint {
  const hostBits = BigInt(bits(cidr.version) - cidr.prefix);
  return (cidr.address >> hostBits) << hostBits;
}

function parseV4(text: string): bigint {
  return text.split(".").reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
}

function parseV6(text: string): bigint {
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const plain = tail ? `${tail[1]}${v4AsGroups(parseV4(tail[2] ?? ""))}` : text;
  const [head = "", rest] = plain.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = rest === undefined || rest === "" ? [] : rest.split(":");
  const zeros = Array<string>(8 - left.length - right.length).fill("0");
  return [...left, ...zeros, ...right].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

function v4AsGroups(address: bigint): string {
  return `${(address >> 16n).toString(16)}:${(address & 0xffffn).toString(16)}`;
}

function formatV4(address: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 0xffn).join(".");
}

function formatV6(address: bigint): string {
  const groups = Array.from({ length: 8 }, (_, at) => (address >> BigInt(16 * (7 - at))) & 0xffffn);
  const text = groups.map((group) => group.toString(16)).join(":");
  const runs = text.match(/\b0(:0)+\b/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), "");
  if (longest === "") return text;
  const [before = "", after = ""] = splitOnce(text, longest);
  return `${before.replace(/:$/, "")}::${after.replace(/^:/, "")}`;
}

function splitOnce(text: string, at: string): string[] {
  const index = text.search(new RegExp(`(^|(?<=:))${at}($|(?=:))`));
  return [text.slice(0, index), text.slice(index + at.length)];
}
