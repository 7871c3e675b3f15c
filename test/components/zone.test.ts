import { describe, expect, it, vi } from "vitest";
import * as pulumi from "@pulumi/pulumi";
import { Zone } from "../../components/zone";
import { houseFaults } from "../support/component-bed";
import { recordGraph, settled, valueOf } from "../support/mocks";
import { rejections } from "../support/rejections";

const EXPECTED = ["198.51.100.0/24", "2001:db8:cf::/48"];

/** A zone whose edge publishes these ranges. */
function zoneWith(ipv4Cidrs: readonly string[], ipv6Cidrs: readonly string[]) {
  const answer = { ipv4Cidrs: [...ipv4Cidrs], ipv6Cidrs: [...ipv6Cidrs] };
  const graph = recordGraph({ invokes: { "cloudflare:index/getIpRanges:getIpRanges": answer } });
  return { graph, zone: new Zone("zone", { domain: "mxcorre.com", expectedRanges: EXPECTED }) };
}

function refusal(ipv4Cidrs: readonly string[], ipv6Cidrs: readonly string[]): Promise<unknown[]> {
  return rejections(async () => {
    const { zone } = zoneWith(ipv4Cidrs, ipv6Cidrs);
    await Promise.all([valueOf(zone.edgeCidrs), settled()]);
  });
}

describe("Zone", () => {
  it("looks the zone up and makes nothing", async () => {
    const { graph, zone } = zoneWith(["198.51.100.0/24"], ["2001:db8:cf::/48"]);
    await settled();

    expect(graph.resources.map(({ name }) => name)).toEqual(["zone"]);
    expect(houseFaults(graph, ["zone"])).toEqual([]);
    expect(await valueOf(zone.zoneId)).toBe("zone-1");
  });

  it("takes the ranges of both families as they are published", async () => {
    const { zone } = zoneWith(["198.51.100.0/24"], ["2001:db8:cf::/48"]);

    expect(await valueOf(zone.edgeCidrs)).toEqual(EXPECTED);
  });

  it("takes ranges that nobody expected, and says so", async () => {
    const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
    const { zone } = zoneWith(["203.0.113.0/24"], ["2001:db8:cf::/48"]);

    expect(await valueOf(zone.edgeCidrs)).toEqual(["203.0.113.0/24", "2001:db8:cf::/48"]);
    expect(warn.mock.calls.map(([text]) => text)).toEqual([
      "the edge's published ranges are not the expected ones: added 203.0.113.0/24; removed 198.51.100.0/24",
    ]);
  });

  it.each([
    ["an empty answer", [], [], "the edge's ranges: must hold at least one range, got nothing"],
    [
      "the whole internet",
      ["0.0.0.0/0"],
      [],
      "the edge's ranges: must be /12 or narrower, as an edge's ranges are, got \"0.0.0.0/0\"",
    ],
    [
      "the whole IPv6 internet among good ranges",
      ["198.51.100.0/24"],
      ["::/0"],
      "the edge's ranges: must be /24 or narrower, as an edge's ranges are, got \"::/0\"",
    ],
    [
      "words",
      ["anywhere"],
      [],
      'the edge\'s ranges: must be an address range like 104.16.0.0/13, got "anywhere"',
    ],
  ])("refuses %s", async (_, ipv4Cidrs, ipv6Cidrs, message) => {
    const errors = await refusal(ipv4Cidrs, ipv6Cidrs);

    expect(pulumi.RunError.isInstance(errors[0])).toBe(true);
    for (const error of errors) expect((error as Error).message).toContain(message);
  });
});
