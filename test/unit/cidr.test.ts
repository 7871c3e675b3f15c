import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { containsCidr, formatCidr, hasHostBits, parseCidr, type Cidr } from "../../components/lib/cidr";

function parsed(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new Error(`${text} is no range`);
  return cidr;
}

const v4 = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }));
const v6 = fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 }));
const range = fc.oneof(v4, v6).map(([address, prefix]) => `${address}/${prefix}`);

describe("parseCidr", () => {
  it.each([
    ["203.0.113.7/32", "203.0.113.7/32"],
    ["10.1.2.3/8", "10.0.0.0/8"],
    ["2606:4700::/32", "2606:4700::/32"],
    ["2606:4700:0:0:0:0:0:0/32", "2606:4700::/32"],
    ["::ffff:1.2.3.4/128", "::ffff:102:304/128"],
    ["1:0:0:2:0:0:0:3/128", "1:0:0:2::3/128"],
    ["10:0:0:100::/64", "10:0:0:100::/64"],
    ["::/0", "::/0"],
    ["::1/128", "::1/128"],
    ["1::/16", "1::/16"],
  ])("reads %s as %s", (text, canonical) => {
    expect(formatCidr(parsed(text))).toBe(canonical);
  });

  it.each([
    "",
    "1.2.3.4",
    "1.2.3.4/33",
    "1.2.3/24",
    "1.2.3.4/",
    "1.2.3.4/08",
    "1.2.3.4/8/9",
    "::/129",
    "fe80::1%eth0/64",
    " 1.2.3.4/32",
    "01.2.3.4/8",
    "g::/16",
  ])("refuses %j", (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });

  it("gives a canonical text that reads as itself and has no host bits", () => {
    fc.assert(
      fc.property(range, (text) => {
        const canonical = formatCidr(parsed(text));

        expect(formatCidr(parsed(canonical))).toBe(canonical);
        expect(hasHostBits(parsed(canonical))).toBe(false);
        expect(containsCidr(parsed(canonical), parsed(text))).toBe(true);
      }),
    );
  });
});

describe("containsCidr", () => {
  it("holds for a narrower range of the same addresses only", () => {
    expect(containsCidr(parsed("10.0.0.0/8"), parsed("10.9.0.0/16"))).toBe(true);
    expect(containsCidr(parsed("10.0.0.0/8"), parsed("11.0.0.0/16"))).toBe(false);
    expect(containsCidr(parsed("10.9.0.0/16"), parsed("10.0.0.0/8"))).toBe(false);
    expect(containsCidr(parsed("::/0"), parsed("10.0.0.0/8"))).toBe(false);
  });
});
