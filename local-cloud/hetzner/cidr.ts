/** IPv4 blocks as numbers, for private networks. */
export interface Block {
  readonly first: number;
  readonly last: number;
  readonly bits: number;
}

export function ipv4Number(address: string): number {
  return address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

export function ipv4Text(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

/** A block in CIDR notation, which is known to be one. */
export function blockOf(cidr: string): Block {
  const [address = "", length = ""] = cidr.split("/");
  const first = ipv4Number(address);
  return { first, last: first + 2 ** (32 - Number(length)) - 1, bits: Number(length) };
}

export function contains(outer: Block, inner: Block): boolean {
  return outer.first <= inner.first && inner.last <= outer.last;
}

export function overlaps(a: Block, b: Block): boolean {
  return a.first <= b.last && b.first <= a.last;
}
