import { describe, expect, it } from "vitest";
import type { EdgeSpec } from "../../components/lib/system-edge";
import { edgeOf, planExcess } from "../../components/lib/zone-plans";

const PATH = 'http.request.uri.path eq "/x"';
const limit = (description: string) => ({ description, expression: PATH, requests: 5 });
const EDGE: EdgeSpec = {
  rules: [
    { description: "admin", expression: "not ip.src in {adminCidrs}", action: "block" },
    { description: "host", expression: 'http.host eq "api.{domain}"', action: "log" },
  ],
  redirects: [{ description: "old", expression: PATH, target: "https://www.{domain}/new" }],
  monitors: { ready: { path: "/readyz" } },
  notify: { emails: ["ops@{domain}"], webhook: "ALERT_URL" },
};
const PLACE = { domain: "shop.example", adminCidrs: ["203.0.113.7/32", "2001:db8::/48"] };

describe("the edge's part of a system, for a stack", () => {
  it("has the stack's domain and administrators", () => {
    const edge = edgeOf(EDGE, { ...PLACE, zonePlan: "pro" });
    expect(edge.rules?.map(({ expression }) => expression)).toEqual([
      "not ip.src in {203.0.113.7/32 2001:db8::/48}",
      'http.host eq "api.shop.example"',
    ]);
    expect(edge.redirects?.[0]?.target).toBe("https://www.shop.example/new");
    expect(edge.monitors).toEqual(EDGE.monitors);
    expect(edge.notify).toEqual({ emails: ["ops@shop.example"], webhook: "ALERT_URL" });
  });

  it("has no monitors where the zone's plan has none, and nothing else less", () => {
    const edge = edgeOf(EDGE, { ...PLACE, zonePlan: "free" });
    expect([edge.monitors, edge.notify]).toEqual([undefined, undefined]);
    expect(edge.rules?.length).toBe(2);
  });

  it("is too much for a plan that has fewer rules, counted as Cloudflare counts them", () => {
    expect(planExcess(EDGE, "free")).toEqual([]);
    const two = { ...EDGE, rateLimits: [limit("a"), limit("b")] };
    expect(planExcess(two, "free")).toEqual(["2 rate limits, of which it has 1"]);
    expect(planExcess(two, "pro")).toEqual([]);
    const skips = ["a", "b", "c"].map((description) => ({
      description,
      expression: PATH,
      action: "skip" as const,
    }));
    expect(planExcess({ rules: skips }, "free")).toEqual([
      "6 firewall rules (a skip is two), of which it has 5",
    ]);
    const names = Array.from({ length: 11 }, (_, at) => [`m${at}`, { path: "/" }] as const);
    const many = { monitors: Object.fromEntries(names) };
    expect(planExcess(many, "pro")).toEqual(["11 monitors, of which it has 10"]);
    expect(planExcess(many, "free")).toEqual([]); // told, and left out
  });
});
