import { describe, expect, it } from "vitest";
import type { SystemSpec } from "../../components/lib/system";
import { rulesetPhases, type EdgeSpec } from "../../components/lib/system-edge";
import { faultsOf, SERVICE } from "../support/systems";

const SPEC: SystemSpec = {
  name: "shop",
  services: {
    web: {
      ...SERVICE,
      user: "1000:1000",
      secretFiles: true,
      secrets: ["CAPTCHA_SECRET"],
    },
  },
  sites: [{ hostname: "@", routes: { "/": "web:3000" } }],
  secrets: {
    CAPTCHA_SECRET: { kind: "turnstile", part: "secret" },
    ALERT_URL: { kind: "kept" },
  },
};
const PATH = 'http.request.uri.path eq "/x"';

function paths(edge: EdgeSpec, secrets = SPEC.secrets): string[] {
  return faultsOf({ ...SPEC, ...(secrets ? { secrets } : {}), edge }, ({ path }) => path);
}

describe("rulesets of the edge", () => {
  it("are none when nothing is declared", () => {
    expect(rulesetPhases({})).toEqual([]);
    expect(rulesetPhases({ turnstile: {}, monitors: {} })).toEqual([]);
  });

  it("are one for each phase that has rules", () => {
    const phases = rulesetPhases({
      rules: [{ description: "admin", expression: PATH, action: "managed_challenge" }],
      rateLimits: [{ description: "login", expression: PATH, requests: 5 }],
      redirects: [{ description: "old", expression: PATH, target: "/new" }],
    });
    expect(phases).toMatchObject([
      [
        "http_request_dynamic_redirect",
        [{ actionParameters: { fromValue: { statusCode: 301, targetUrl: { value: "/new" } } } }],
      ],
      ["http_request_firewall_custom", [{ action: "managed_challenge", enabled: true }]],
      [
        "http_ratelimit",
        [{ action: "block", ratelimit: { period: 10, requestsPerPeriod: 5, mitigationTimeout: 10 } }],
      ],
    ]);
  });

  it("spare a request of rate limits and of the rules after it by two rules, as the API wants it (S3-15)", () => {
    const stripe = { description: "stripe", expression: PATH, action: "skip" } as const;
    const skipped = (edge: EdgeSpec): unknown[] =>
      rulesetPhases(edge).flatMap(([, rules]) => rules.map(({ actionParameters }) => actionParameters));
    expect(skipped({ rules: [stripe] })).toEqual([{ phases: ["http_ratelimit"] }, { ruleset: "current" }]);
    expect(skipped({ rules: [{ ...stripe, spares: ["rules"] }] })).toEqual([{ ruleset: "current" }]);
    expect(skipped({ rules: [{ ...stripe, spares: ["managedRules"] }] })).toEqual([
      { phases: ["http_request_firewall_managed"] },
    ]);
  });
});

describe("the edge's part of a spec", () => {
  const turnstile = {};

  it("is good when whole", () => {
    const monitors = { ready: { path: "/readyz" } };
    expect(paths({ turnstile, monitors, notify: { webhook: "ALERT_URL", emails: ["a@b.example"] } })).toEqual(
      [],
    );
  });

  it("is refused with every fault at once", () => {
    const edge: EdgeSpec = {
      turnstile,
      rules: [
        { description: "a", expression: " ", action: "block", spares: ["rules"] },
        { description: "a", expression: PATH, action: "skip", spares: [] },
      ],
      rateLimits: [{ description: "b", expression: PATH, requests: 0, periodSeconds: 1.5 }],
      redirects: [
        { description: "c", expression: PATH },
        { description: "d", expression: PATH, target: "new" },
      ],
      monitors: { "Not good": { path: "up", hostname: "api", intervalSeconds: 1, expectedCodes: ["ok"] } },
      notify: { emails: ["nobody"], webhook: "NOT_THERE" },
    };
    expect(paths(edge).filter((path) => !path.startsWith("secrets"))).toEqual([
      "edge.rules[0].expression",
      "edge.rules[1].description",
      "edge.rules[0].spares",
      "edge.rules[1].spares",
      "edge.rateLimits[0].requests",
      "edge.rateLimits[0].periodSeconds",
      "edge.redirects[0]",
      "edge.redirects[1].target",
      "edge.monitors.Not good.expectedCodes",
      "edge.monitors.Not good",
      "edge.monitors.Not good.path",
      "edge.monitors.Not good.hostname",
      "edge.monitors.Not good.intervalSeconds",
      "edge.notify.webhook",
      "edge.notify.emails",
    ]);
  });

  it("has a widget and its secret together, and somebody to tell with something to tell of", () => {
    const notify = { webhook: "ALERT_URL" };
    expect(paths({ monitors: { up: { path: "/" } }, notify })).toEqual(["secrets.CAPTCHA_SECRET"]);
    const generated = { kind: "generated", length: 32, alphabet: "hex" } as const;
    const secrets = { ALERT_URL: SPEC.secrets!.ALERT_URL!, CAPTCHA_SECRET: generated };
    expect(paths({ turnstile, notify }, secrets)).toEqual(["edge.turnstile", "edge.notify"]);
    expect(paths({ turnstile, monitors: { up: { path: "/" } }, notify: {} })).toEqual([
      "secrets.ALERT_URL",
      "edge.notify",
    ]);
  });
});
