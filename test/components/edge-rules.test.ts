import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { EdgeRules } from "../../components/edge-rules";
import { houseFaults, milestone } from "../support/component-bed";
import { recordGraph, settled, valueOf, type Graph } from "../support/mocks";
import { rejections } from "../support/rejections";

const SETTING = "cloudflare:index/getZoneSetting:getZoneSetting";
const RECORDS = "cloudflare:index/getDnsRecords:getDnsRecords";

interface Zone {
  readonly mode: string;
  /** Names of its proxied records. */
  readonly proxied?: readonly string[];
  readonly strictNeighbours?: readonly string[];
}

/** The rules of a zone as Cloudflare has it. */
function rulesOf({ mode, proxied = [], strictNeighbours = [] }: Zone): { graph: Graph; edge: EdgeRules } {
  const results = proxied.map((name) => ({ name, proxied: true }));
  const graph = recordGraph({ invokes: { [SETTING]: { value: mode }, [RECORDS]: { results } } });
  const hostnames = ["mxcorre.com", "www.mxcorre.com"];
  const originAnswers = [milestone("answers")];
  const args = { zoneId: "zone-1", hostnames, strictNeighbours, stack: "prod", originAnswers };
  return { graph, edge: new EdgeRules("edge", args) };
}

describe("EdgeRules", () => {
  it("sets exactly the verification of the origin, the way to HTTPS and the oldest TLS (S1-19, S1-24)", async () => {
    const { graph } = rulesOf({ mode: "full" });
    await settled();

    const type = "cloudflare:index/zoneSetting:ZoneSetting";
    expect(graph.children("edge")).toEqual([
      `${type} edge-always-use-https`,
      `${type} edge-min-tls-version`,
      `${type} edge-ssl`,
    ]);
    expect(graph.get("edge-ssl").inputs).toEqual({ zoneId: "zone-1", settingId: "ssl", value: "strict" });
    expect(graph.get("edge-always-use-https").inputs).toEqual({
      ...{ zoneId: "zone-1", settingId: "always_use_https", value: "on" },
    });
    expect(graph.get("edge-min-tls-version").inputs).toEqual({
      ...{ zoneId: "zone-1", settingId: "min_tls_version", value: "1.2" },
    });
    expect(houseFaults(graph, ["edge"])).toEqual([]);
  });

  it("sets strict only when the origin answers, and sends visitors to HTTPS only when strict is set (H6)", async () => {
    const { graph, edge } = rulesOf({ mode: "full" });
    const strict = await valueOf(edge.strict.urn);
    await settled();

    expect(graph.get("edge-ssl").dependencies).toEqual(["answers"]);
    expect(graph.get("edge-always-use-https").dependencies).toContain("edge-ssl");
    expect(strict).toMatch(/::edge-ssl$/);
  });

  it.each([
    ["the proxied names are the system's own", { mode: "full", proxied: ["mxcorre.com", "www.mxcorre.com"] }],
    [
      "somebody answers for every other one",
      { mode: "flexible", proxied: ["blog.mxcorre.com"], strictNeighbours: ["blog.mxcorre.com"] },
    ],
  ])("sets strict where %s", async (_, zone) => {
    const { graph } = rulesOf(zone);
    await settled();

    expect(graph.get("edge-ssl").inputs.value).toBe("strict");
  });

  it("has no word for others in a zone that is strict, and one call is all that it costs", async () => {
    const { graph } = rulesOf({ mode: "strict", proxied: ["blog.mxcorre.com"] });
    await settled();

    expect(graph.get("edge-ssl").inputs.value).toBe("strict");
    expect(graph.calls).toEqual([SETTING]);
  });

  it("refuses to set strict over the heads of others, and names them all", async () => {
    let graph: Graph | undefined;
    const errors = await rejections(async () => {
      const rules = rulesOf({
        ...{ mode: "full", strictNeighbours: ["blog.mxcorre.com"] },
        proxied: ["shop.mxcorre.com", "www.mxcorre.com", "blog.mxcorre.com", "api.mxcorre.com"],
      });
      graph = rules.graph;
      await settled();
    });

    // which the engine shows as it is, without a stack trace or the name of a property before it
    const told = errors.find((error): error is pulumi.RunError => pulumi.RunError.isInstance(error));
    expect(told?.message).toMatch(/^Full \(strict\) is not set: /);
    expect(told?.message).toContain("the zone has 2 other proxied names");
    expect(told?.message).toContain(
      "'homeport:strictNeighbours[1]' api.mxcorre.com --stack prod\n  shop.mxcorre.com: must have",
    );
    expect(graph?.resources.map(({ name }) => name)).not.toContain("edge-ssl");
    expect(graph?.resources.map(({ name }) => name)).not.toContain("edge-always-use-https");
  });
});
