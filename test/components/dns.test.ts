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
    const mail = {
      ...{ spf: ["include:sendgrid.net", "~all"], dkim: { s1: { cname: "s1.sender.example" } } },
      dmarc: { policy: "monitor", reports: "dmarc@{domain}" },
    } as const;
    new Dns("mailed", { ...args, hostnames: ["mxcorre.com"], recordType: "A", mail });
    await settled();
  });

  it("is exactly one record per host", () => {
    expect(graph.children("dns")).toEqual([`${RECORD} dns-apex`, `${RECORD} dns-www`]);
    expect(houseFaults(graph, ["dns", "alias", "mailed"])).toEqual([]);
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

  it("says who may send mail, never proxied, before the sites' own records if it likes (S3-14)", () => {
    const names = ["mailed-mail-dkim-s1", "mailed-mail-dmarc", "mailed-mail-spf"];
    expect(graph.children("mailed")).toEqual([
      `${RECORD} mailed-apex`,
      ...names.map((name) => `${RECORD} ${name}`),
    ]);
    for (const name of names) {
      expect(graph.get(name).inputs).toMatchObject({
        proxied: false,
        ttl: 1,
        comment: "Homeport: shop-prod",
      });
      expect(graph.get(name).dependencies).not.toContain("strict");
    }
    expect(graph.get("mailed-mail-spf").inputs).toMatchObject({
      ...{ type: "TXT", name: "mxcorre.com", content: '"v=spf1 include:sendgrid.net ~all"' },
    });
    expect(graph.get("mailed-mail-dkim-s1").inputs).toMatchObject({
      ...{ type: "CNAME", name: "s1._domainkey.mxcorre.com", content: "s1.sender.example" },
    });
  });
});
