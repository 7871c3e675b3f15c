import { describe, expect, it } from "vitest";
import { monitorsVerdict, rulesVerdict, widgetVerdict } from "../../cli/verify/checks-edge";
import type { RuleFacts } from "../../cli/verify/rule-facts";
import type { System } from "../../components/lib/system";
import { expectedStack } from "../support/verify";

const standard = expectedStack();
const system: System = {
  ...standard.system,
  secrets: { CAPTCHA: { kind: "turnstile", part: "secret" } },
  edge: {
    rules: [
      { description: "stripe", expression: "a", action: "skip", spares: ["rateLimits"] },
      { description: "admin", expression: "not ip.src in {adminCidrs}", action: "block" },
    ],
    rateLimits: [{ description: "forms", expression: "b", requests: 5 }],
    turnstile: {},
    monitors: { ready: { path: "/readyz" } },
  },
};
const expected = expectedStack({
  system,
  config: { ...standard.config, zonePlan: "pro" },
  secretValues: { CAPTCHA: "0xSECRET" },
});
const FOUND: RuleFacts = {
  plan: "pro",
  phases: {
    http_request_firewall_custom: [
      rule("stripe", "a", "skip", {
        action_parameters: { phases: ["http_ratelimit"] },
        logging: { enabled: true },
      }),
      rule("admin", "not ip.src in {203.0.113.7/32}", "block"),
    ],
    http_ratelimit: [
      rule("forms", "b", "block", {
        ratelimit: {
          ...{ characteristics: ["cf.colo.id", "ip.src"], period: 10, requests_per_period: 5 },
          ...{ mitigation_timeout: 10, requests_to_origin: false },
        },
      }),
    ],
  },
  widget: { sitekey: "0xSITE", secret: "0xSECRET", domains: ["mxcorre.com", "www.mxcorre.com"] },
  monitors: [monitor({})],
};

function rule(
  description: string,
  expression: string,
  action: string,
  more: object = {},
): Record<string, unknown> {
  return { id: "1", description, expression, action, enabled: true, ...more };
}

function monitor(change: Partial<RuleFacts["monitors"][number]>): RuleFacts["monitors"][number] {
  return {
    ...{ name: "running-calendar-prod-ready", status: "healthy", suspended: false, failure_reason: "" },
    ...{ address: "mxcorre.com", http_config: { path: "/readyz" } },
    ...change,
  };
}

function withRules(phase: string, change: (rules: Record<string, unknown>[]) => Record<string, unknown>[]) {
  return { phases: { ...FOUND.phases, [phase]: change([...(FOUND.phases[phase] ?? [])]) } };
}

const CUSTOM = "http_request_firewall_custom";

describe("the edge's rules", () => {
  it("are proven when they are the declared ones, whatever Cloudflare adds to each", () => {
    expect(rulesVerdict(FOUND, expected)).toMatchObject({ ok: true });
  });

  it.each([
    ["a rule is gone", withRules(CUSTOM, ([, admin]) => [admin!]), /"stripe" is not there/],
    ["all are gone", { phases: {} }, /"stripe" is not there/],
    ["the order is another", withRules(CUSTOM, (all) => all.reverse()), /"stripe": description is "admin"/],
    [
      "one is off",
      withRules(CUSTOM, ([a, b]) => [a!, { ...b, enabled: false }]),
      /"admin": enabled is false, not true/,
    ],
    [
      "there is one more",
      withRules(CUSTOM, (all) => [...all, rule("mine", "c", "log")]),
      /another rule: mine/,
    ],
    [
      "a limit is another",
      withRules("http_ratelimit", ([one]) => [{ ...one, ratelimit: { period: 60 } }]),
      /"forms": ratelimit\.characteristics is null/,
    ],
  ])("are broken when %s", (_, found, why) => {
    expect(rulesVerdict(found, expected)).toMatchObject({
      ok: false,
      found: expect.stringMatching(why) as string,
    });
  });
});

describe("Turnstile's widget", () => {
  it("is proven when it is for every host and its secret is the one in use, which is never shown", () => {
    expect(widgetVerdict(FOUND, expected)).toMatchObject({ ok: true });
    const rotated = widgetVerdict({ widget: { ...FOUND.widget!, secret: "0xOTHER" } }, expected);
    expect(rotated).toMatchObject({ ok: false, found: "CAPTCHA is not the widget's secret: it was rotated" });
    const narrow = widgetVerdict({ widget: { ...FOUND.widget!, domains: ["mxcorre.com"] } }, expected);
    expect(narrow).toMatchObject({ ok: false, found: "it is not for www.mxcorre.com" });
    expect(widgetVerdict({}, expected)).toMatchObject({ ok: false });
  });
});

describe("monitors", () => {
  const answers = (status: number) => async () => ({ status, headers: {}, body: "" });

  it.each([
    ["missing", { ...FOUND, monitors: [] }, 200, "ready is not there"],
    ["suspended", { ...FOUND, monitors: [monitor({ suspended: true })] }, 200, "ready is suspended"],
    [
      "asking for another page",
      { ...FOUND, monitors: [monitor({ address: "a.b" })] },
      200,
      "ready asks for a.b/readyz",
    ],
    [
      "not answered",
      {
        ...FOUND,
        monitors: [monitor({ status: "unhealthy", failure_reason: "Response code mismatch error" })],
      },
      503,
      "ready: Response code mismatch error, /readyz answers 503",
    ],
    [
      "left out though the zone could have them",
      { ...FOUND, plan: "free" },
      200,
      "the zone is on the plan free, config says pro",
    ],
  ])("are broken when one is %s", async (_, facts, status, found) => {
    expect(await monitorsVerdict(facts, expected, answers(status))).toMatchObject({ ok: false, found });
  });

  it("are proven when there, and when what was not answered a minute ago is now", async () => {
    expect(await monitorsVerdict(FOUND, expected, answers(503))).toMatchObject({ ok: true });
    const late = { ...FOUND, monitors: [monitor({ status: "unhealthy" })] };
    expect(await monitorsVerdict(late, expected, answers(200))).toMatchObject({ ok: true });
  });

  it("are no fault of a zone whose plan has none, until it is on another", async () => {
    const free = { ...expected, config: { ...expected.config, zonePlan: "free" as const } };
    expect(await monitorsVerdict({ ...FOUND, plan: "free", monitors: [] }, free, answers(200))).toMatchObject(
      { ok: true },
    );
    expect(await monitorsVerdict({ ...FOUND, monitors: [] }, free, answers(200))).toMatchObject({
      ok: false,
      fix: "pulumi config set homeport:zonePlan pro, then pulumi up",
    });
  });
});
