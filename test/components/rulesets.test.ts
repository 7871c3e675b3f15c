import { describe, expect, it } from "vitest";
import { Rulesets } from "../../components/rulesets";
import { houseFaults } from "../support/component-bed";
import { recordGraph, settled, type Graph } from "../support/mocks";
import { rejections } from "../support/rejections";

const LIST = "cloudflare:index/getRulesets:getRulesets";
const PHASE = "http_request_firewall_custom";
const RULE = { description: "admin", expression: "ssl", action: "block" } as const;

function rulesetsOf(rulesets: readonly object[]): Graph {
  const graph = recordGraph({ invokes: { [LIST]: { rulesets } } });
  new Rulesets("rulesets", { zoneId: "zone-1", owner: "shop-prod", edge: { rules: [RULE] } });
  return graph;
}

describe("Rulesets", () => {
  it("are one ruleset for each phase, with the owner's name (S3-27)", async () => {
    const graph = rulesetsOf([
      { kind: "zone", phase: "http_ratelimit", description: "", name: "theirs", id: "1" },
    ]);
    await settled();
    expect(graph.children("rulesets")).toEqual(["cloudflare:index/ruleset:Ruleset rulesets-firewall-custom"]);
    expect(graph.get("rulesets-firewall-custom").inputs).toEqual({
      ...{
        zoneId: "zone-1",
        kind: "zone",
        phase: PHASE,
        name: "shop-prod",
        description: "Homeport: shop-prod",
      },
      rules: [{ ...RULE, enabled: true }],
    });
    expect(houseFaults(graph, ["rulesets"])).toEqual([]);
  });

  it("are not touched where they are somebody else's", async () => {
    const theirs = { kind: "zone", phase: PHASE, description: "", name: "default", id: "9" };
    const errors = await rejections(async () => {
      rulesetsOf([theirs]);
      await settled();
    });
    expect(String(errors[0])).toMatch(/http_request_firewall_custom: must be free, got default \(9\); fix: /);
  });

  it("stay the stack's own", async () => {
    const graph = rulesetsOf([
      { kind: "zone", phase: PHASE, description: "Homeport: shop-prod", name: "shop-prod", id: "9" },
    ]);
    await settled();
    expect(graph.children("rulesets")).toHaveLength(1);
  });
});
