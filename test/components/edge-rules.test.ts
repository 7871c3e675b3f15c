import { beforeAll, describe, expect, it } from "vitest";
import { houseFaults, milestone } from "../support/component-bed";
import { recordGraph, settled, valueOf } from "../support/mocks";

const graph = recordGraph();

describe("EdgeRules", () => {
  let strict = "";

  beforeAll(async () => {
    const { EdgeRules } = await import("../../components/edge-rules");
    const edge = new EdgeRules("edge", { zoneId: "zone-1", originAnswers: milestone("answers") });
    strict = await valueOf(edge.strict.urn);
    await settled();
  });

  it("sets exactly the verification of the origin, the way to HTTPS and the oldest TLS (S1-19, S1-24)", () => {
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

  it("sets strict only when the origin answers, and sends visitors to HTTPS only when strict is set (H6)", () => {
    expect(graph.get("edge-ssl").dependencies).toEqual(["answers"]);
    expect(graph.get("edge-always-use-https").dependencies).toContain("edge-ssl");
    expect(strict).toMatch(/::edge-ssl$/);
  });
});
