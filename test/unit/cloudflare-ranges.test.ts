import { describe, expect, it } from "vitest";
import { formatCidr, parseCidr } from "../../components/lib/cidr";
import { checkEdgeRanges, CLOUDFLARE_RANGES } from "../../components/lib/cloudflare-ranges";

describe("CLOUDFLARE_RANGES", () => {
  it("holds 15 v4 and 7 v6 ranges, canonical and each once", () => {
    const versions = CLOUDFLARE_RANGES.map((range) => parseCidr(range)!.version);

    expect(versions.filter((version) => version === 4)).toHaveLength(15);
    expect(versions.filter((version) => version === 6)).toHaveLength(7);
    expect(CLOUDFLARE_RANGES.map((range) => formatCidr(parseCidr(range)!))).toEqual([
      ...new Set(CLOUDFLARE_RANGES),
    ]);
  });
});

describe("checkEdgeRanges", () => {
  it("calls the same ranges the same in any order", () => {
    expect(checkEdgeRanges([...CLOUDFLARE_RANGES].reverse())).toEqual({ kind: "same" });
  });

  it("tells what was added and removed", () => {
    expect(checkEdgeRanges(["198.51.100.0/24"], ["192.0.2.0/24"])).toEqual({
      ...{ kind: "changed", added: ["198.51.100.0/24"], removed: ["192.0.2.0/24"] },
    });
  });

  it.each([
    [[]],
    [["0.0.0.0/0"]],
    [["::/0"]],
    [["104.16.0.0/13", "10.0.0.0/8"]],
    [["nonsense"]],
    [["104.16.0.1/13"]],
  ])("refuses %j, which would open the host", (fetched) => {
    expect(checkEdgeRanges(fetched)).toMatchObject({ kind: "refused" });
  });
});
