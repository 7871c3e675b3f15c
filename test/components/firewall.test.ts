import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import type { Firewall } from "../../components/firewall";
import { houseFaults, LABELS } from "../support/component-bed";
import { recordGraph, settled, valueOf } from "../support/mocks";

const graph = recordGraph();

describe("Firewall", () => {
  let firewall: Firewall;

  beforeAll(async () => {
    const subject = await import("../../components/firewall");
    firewall = new subject.Firewall("firewall", {
      firewallName: "running-calendar-test",
      adminCidrs: ["203.0.113.7/32"],
      edgeCidrs: pulumi.output(["198.51.100.0/24", "2001:db8:cf::/48"]),
      labels: LABELS,
    });
    await settled();
  });

  it("is exactly one firewall", () => {
    expect(graph.children("firewall")).toEqual(["hcloud:index/firewall:Firewall firewall-rules"]);
    expect(houseFaults(graph, ["firewall"])).toEqual([]);
  });

  it("lets the operator in to SSH and the edge to HTTP and HTTPS, and nobody to anything else (S1-8)", () => {
    const { inputs } = graph.get("firewall-rules");
    const rules = inputs.rules as Record<string, unknown>[];

    expect({ name: inputs.name, labels: inputs.labels }).toEqual({
      name: "running-calendar-test",
      labels: LABELS,
    });
    expect(rules.map(({ description: _, ...rule }) => rule)).toEqual([
      { direction: "in", protocol: "tcp", port: "22", sourceIps: ["203.0.113.7/32"] },
      { direction: "in", protocol: "tcp", port: "80", sourceIps: ["198.51.100.0/24", "2001:db8:cf::/48"] },
      { direction: "in", protocol: "tcp", port: "443", sourceIps: ["198.51.100.0/24", "2001:db8:cf::/48"] },
      { direction: "in", protocol: "icmp", sourceIps: ["203.0.113.7/32"] },
    ]);
  });

  it("gives its id as the number that a server takes", async () => {
    expect(await valueOf(firewall.firewallId)).toBeTypeOf("number");
    expect(await valueOf(firewall.firewallId)).toBeGreaterThan(0);
  });
});
