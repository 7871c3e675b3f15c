import { describe, expect, it } from "vitest";
import { floodsOf, limitsVerdict, PROXY_CHECKS, tlsVerdict } from "../../cli/verify/checks-proxy";
import { defineSystem, type System } from "../../components/lib/system";
import { expectedStack, said } from "../support/verify";

const SPOKEN = ["TLSv1.2", "TLSv1.3"].map((version) => `${version} Protocol version: ${version}`);
const REFUSED = ["TLSv1 SSL alert number 70", "TLSv1.1 SSL alert number 40"];
const tls = (...lines: string[]) => tlsVerdict(said(lines.map((line) => `mxcorre.com ${line}\n`).join("")));

describe("versions of TLS at the origin (S4-9)", () => {
  it("are 1.2 and 1.3", () => {
    expect(tls(...REFUSED, ...SPOKEN)).toMatchObject({ ok: true });
  });

  it.each<[string, string[], RegExp]>([
    [
      "an old one is taken",
      ["TLSv1.1 Protocol version: TLSv1.1", ...SPOKEN],
      /^mxcorre.com: it takes TLSv1.1$/,
    ],
    ["a current one is refused", [...REFUSED, "TLSv1.3 SSL alert number 70"], /it refuses TLSv1.3/],
    ["the client cannot speak it", ["TLSv1 :no protocols available:"], /TLSv1 could not be tried: :no prot/],
    ["there is no answer", ["TLSv1.2 "], /TLSv1.2 could not be tried: no answer/],
    ["another version is spoken", ["TLSv1.3 Protocol version: TLSv1.2"], /TLSv1.3 could not be tried/],
    ["nobody was asked", [], /no host was asked/],
  ])("are red when %s", (_, lines, found) => {
    expect(tls(...lines)).toMatchObject({ ok: false, found: expect.stringMatching(found) as string });
  });
});

function limited(burst: Record<string, number>, perSecond = 10, path = "/"): System {
  return defineSystem({
    name: "shop",
    proxy: "nginx",
    services: { web: { strategy: "stop-first", stopGracePeriodSeconds: 1 } },
    sites: [{ hostname: "crm", routes: { [path]: "web:80" }, rateLimits: { api: { perSecond, burst } } }],
  });
}

const SYSTEM = limited({ "/api": 20, "/": 0 });
const NGINX = `
	limit_req_zone $binary_remote_addr zone=api:10m rate=10r/s;
		limit_req  zone=api burst=20 nodelay;
		limit_req zone=api;
	real_ip_header CF-Connecting-IP;
	set_real_ip_from 198.51.100.0/24;
`;
const API = "crm.mxcorre.com /api/homeport-verify 21 000 54 429\n";
const ROOT = "crm.mxcorre.com /homeport-verify 1 000 54 429\n";
const limits = (nginx: string, floods: string) =>
  limitsVerdict({ nginx: said(nginx), floods: said(floods) }, expectedStack({ system: SYSTEM }));

describe("rate limits at the proxy (S4-12)", () => {
  it("are proven by refusals, and by what nginx reads", () => {
    expect(limits(NGINX, API + ROOT)).toMatchObject({
      ok: true,
      evidence: expect.stringContaining("/api/homeport-verify: too much within 75 requests") as string,
    });
  });

  it.each<[string, string, string, RegExp]>([
    [
      "nothing is refused",
      NGINX,
      "crm.mxcorre.com /api/homeport-verify 75 000\n" + ROOT,
      /none of 75 .*75 000$/,
    ],
    ["it is another refusal", NGINX, API.replace("429", "404") + ROOT, /none of 75 requests .* 54 404$/],
    ["429 is a count alone", NGINX, "crm.mxcorre.com /api/homeport-verify 429 200\n" + ROOT, /none of 75/],
    ["a path was not asked", NGINX, API, /crm.mxcorre.com\/homeport-verify was not asked/],
    [
      "the rate is another",
      NGINX.replace("10r/s", "99r/s"),
      API + ROOT,
      /does not say limit_req_zone .*10r\/s/,
    ],
    [
      "the burst is another",
      NGINX.replace("=20", "=99"),
      API + ROOT,
      /does not say limit_req zone=api burst=20/,
    ],
    [
      "all visitors share one count",
      NGINX.replace("$binary_remote_addr", "$server_name"),
      API + ROOT,
      /_addr/,
    ],
    ["the edge's word is not heard", NGINX.replace("real_ip_header", "#"), API + ROOT, /real_ip_header CF-/],
    ["the edge is not believed", NGINX.replace("198.51", "192.0"), API + ROOT, /set_real_ip_from 198\.51/],
    ["nginx is not there", "", API + ROOT, /limit_req_zone/],
  ])("are red when %s", (_, nginx, floods, found) => {
    expect(limits(nginx, floods)).toMatchObject({ ok: false, found: expect.stringMatching(found) as string });
  });

  it("are tried with as many requests as find them, where they are harmless and reach a service's path", () => {
    const counts = (system: System) => floodsOf(system, "mxcorre.com").map(({ requests }) => requests);
    expect(counts(SYSTEM)).toEqual([75, 55]);
    expect(counts(limited({ "/": 10_000 }))).toEqual([]);
    expect(counts(limited({ "/": 1 }, 1000))).toEqual([]);
    expect(counts(limited({ "/app/x": 1, "/other": 1, "/appendix": 1 }, 1, "/app"))).toEqual([11]);
  });

  it("are asked of systems that have some", () => {
    const check = PROXY_CHECKS.find(({ id }) => id === "S4-12");
    expect([SYSTEM, expectedStack().system].map((system) => check?.appliesTo?.(system))).toEqual([
      true,
      false,
    ]);
  });
});
