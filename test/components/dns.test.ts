import { beforeAll, describe, expect, it } from "vitest";
import { houseFaults, milestone } from "../support/component-bed";
import { recordGraph, settled } from "../support/mocks";

const graph = recordGraph();
const RECORD = "cloudflare:index/dnsRecord:DnsRecord";

describe("Dns", () => {
  beforeAll(async () => {
    const { Dns } = await import("../../components/dns");
    const args = {
      zoneId: "zone-1",
      domain: "mxcorre.com",
      hostnames: ["mxcorre.com", "www.mxcorre.com"],
      address: "192.0.2.10",
      owner: "shop-prod",
      edgeReady: [milestone("strict")],
    };
    new Dns("dns", { ...args, recordType: "A" });
    new Dns("alias", { ...args, recordType: "CNAME" });
    await settled();
  });

  it("is exactly one record per host", () => {
    expect(graph.children("dns")).toEqual([`${RECORD} dns-apex`, `${RECORD} dns-www`]);
    expect(houseFaults(graph, ["dns", "alias"])).toEqual([]);
  });

  it("says in each record whose it is, so that a lost state finds its own", () => {
    expect(graph.get("dns-www").inputs).toMatchObject({ comment: "Homeport: shop-prod" });
  });

  it("points apex and www at the server, proxied (S1-18)", () => {
    const common = { zoneId: "zone-1", type: "A", content: "192.0.2.10", proxied: true, ttl: 1 };
    expect(graph.get("dns-apex").inputs).toMatchObject({ ...common, name: "mxcorre.com" });
    expect(graph.get("dns-www").inputs).toMatchObject({ ...common, name: "www.mxcorre.com" });
  });

  it("makes www an alias of the apex where the stack says so; an apex is never one", () => {
    expect(graph.get("alias-apex").inputs).toMatchObject({ type: "A", content: "192.0.2.10", proxied: true });
    expect(graph.get("alias-www").inputs).toMatchObject({
      ...{ type: "CNAME", name: "www.mxcorre.com", content: "mxcorre.com", proxied: true },
    });
  });

  it("lets nobody in before strict is set (S1-31)", () => {
    for (const name of ["dns-apex", "dns-www", "alias-apex", "alias-www"])
      expect(graph.get(name).dependencies).toContain("strict");
  });
});
