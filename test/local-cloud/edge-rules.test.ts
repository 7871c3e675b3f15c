import { beforeEach, describe, expect, it } from "vitest";
import { edgeRules } from "../../local-cloud/cloudflare/ruleset-edge";
import { ruleFrom } from "../../local-cloud/cloudflare/ruleset";
import type { RuleInput } from "../../local-cloud/cloudflare/ruleset-rules";
import type { Zone } from "../../local-cloud/cloudflare/state";
import { normalPath } from "../../local-cloud/internet/edge/fields";
import { edgeBed, RECORDS, type Reply, ZONE } from "../support/edge-bed";

describe("the edge with rules", () => {
  const { zone, goodOrigin, visit, seen, pass } = edgeBed();
  const AT = `https://${ZONE}`;

  beforeEach(async () => {
    await goodOrigin((request, response) => {
      response.statusCode = request.url?.startsWith("/missing") ? 404 : 200;
      response.end(JSON.stringify({ headers: request.headers }));
    });
  });

  function use(rules: Readonly<Record<string, readonly RuleInput[]>>): void {
    const rulesets = Object.entries(rules).map(([phase, given]) => ({
      phase,
      rules: given.map((one) => ruleFrom(one, undefined)),
    }));
    zone({}, RECORDS, edgeRules({ rulesets } as unknown as Zone));
  }
  const custom = (...rules: RuleInput[]): void => use({ http_request_firewall_custom: rules });
  const get = (path: string, headers: Record<string, string> = {}): Promise<Reply> =>
    visit(AT + path, { path, headers });
  const statuses = async (...paths: string[]): Promise<number[]> => {
    const found: number[] = [];
    for (const path of paths) found.push((await get(path)).status);
    return found;
  };

  it("blocks what a rule names, however it is spelt, and nothing else", async () => {
    custom({ action: "block", expression: 'starts_with(lower(http.request.uri.path), "/admin")' });
    expect(await statuses("/admin", "/%61dmin/x", "//admin", "/a/../ADMIN", "/adm", "/")).toEqual([
      403, 403, 403, 403, 200, 200,
    ]);
    const blocked = await get("/admin");
    expect(blocked.headers).toMatchObject({
      server: "cloudflare",
      "content-type": "text/html; charset=UTF-8",
    });
    expect(blocked.body).toContain("blocked");
  });

  it("answers a block as the rule says", async () => {
    const response = { status_code: 418, content: '{"no":true}', content_type: "application/json" };
    custom({ action: "block", expression: "true", action_parameters: { response } });
    const reply = await get("/");
    expect([reply.status, reply.headers["content-type"], reply.body]).toEqual([
      418,
      "application/json",
      '{"no":true}',
    ]);
  });

  it("challenges with a page that nobody passes", async () => {
    custom({ action: "managed_challenge", expression: 'any(http.request.headers["x-bot"][*] eq "1")' });
    expect((await get("/")).status).toBe(200);
    const reply = await get("/", { "x-bot": "1" });
    expect([reply.status, reply.headers["cf-mitigated"]]).toEqual([403, "challenge"]);
  });

  it("skips the rest of its ruleset, or later phases, for what a skip rule names, and for nothing else", async () => {
    const limit = {
      characteristics: ["cf.colo.id", "ip.src"],
      period: 10,
      requests_per_period: 1,
      mitigation_timeout: 10,
    };
    const block: RuleInput = { action: "block", expression: 'http.request.method eq "GET"' };
    const hook = 'http.request.uri.path eq "/hook"';
    custom({ action: "skip", expression: hook, action_parameters: { ruleset: "current" } }, block);
    expect(await statuses("/hook", "/other")).toEqual([200, 403]);
    use({
      http_request_firewall_custom: [
        { action: "skip", expression: hook, action_parameters: { phases: ["http_ratelimit"] } },
      ],
      http_ratelimit: [{ ...block, ratelimit: limit }],
    });
    expect(await statuses("/hook", "/hook", "/other", "/other")).toEqual([200, 200, 200, 429]);
  });

  it.each([301, 302, 303, 307, 308])(
    "redirects by %i before any rule of the firewall",
    async (status_code) => {
      const target_url = { expression: 'concat("https://new.example.com", lower(http.request.uri.path))' };
      const from_value = { status_code, preserve_query_string: true, target_url } as const;
      use({
        http_request_dynamic_redirect: [
          { action: "redirect", expression: 'http.host eq "example.com"', action_parameters: { from_value } },
        ],
        http_request_firewall_custom: [{ action: "block", expression: "true" }],
      });
      const reply = await get("/Old?a=1&b=2");
      expect([reply.status, reply.headers.location]).toEqual([
        status_code,
        "https://new.example.com/old?a=1&b=2",
      ]);
      const other = await visit(`https://www.${ZONE}/Old`);
      expect(other.status).toBe(403);
    },
  );

  it("limits the rate of one client, leaves others alone, and lets it back in after the timeout", async () => {
    const ratelimit = {
      characteristics: ["cf.colo.id", 'http.request.headers["x-client"][0]'],
      period: 10,
      requests_per_period: 3,
      mitigation_timeout: 60,
    };
    use({
      http_ratelimit: [{ action: "block", expression: 'http.request.uri.path eq "/login"', ratelimit }],
    });
    const as = async (client: string, path = "/login"): Promise<number> =>
      (await get(path, { "x-client": client })).status;
    const login = [];
    for (let turn = 0; turn < 5; turn++) login.push(await as("one"));
    expect(login).toEqual([200, 200, 200, 429, 429]);
    expect([await as("two"), await as("one", "/")]).toEqual([200, 200]);
    expect((await get("/login", { "x-client": "one" })).headers["retry-after"]).toBe("60");
    pass(59);
    expect(await as("one")).toBe(429);
    pass(2);
    expect(await as("one")).toBe(200);
  });

  it("forgets requests of a period that is over", async () => {
    const ratelimit = {
      characteristics: ["cf.colo.id", "ip.src"],
      period: 10,
      requests_per_period: 2,
      mitigation_timeout: 10,
    };
    use({ http_ratelimit: [{ action: "block", expression: "true", ratelimit }] });
    expect(await statuses("/", "/")).toEqual([200, 200]);
    pass(11);
    expect(await statuses("/", "/", "/")).toEqual([200, 200, 429]);
  });

  it("counts by the reply where the counting expression asks for it", async () => {
    const ratelimit = {
      characteristics: ["cf.colo.id", "ip.src"],
      ...{ period: 10, requests_per_period: 1, mitigation_timeout: 10 },
      counting_expression: "http.response.code eq 404",
    };
    use({ http_ratelimit: [{ action: "block", expression: "true", ratelimit }] });
    expect(await statuses("/", "/", "/missing", "/", "/missing", "/")).toEqual([
      200, 200, 404, 200, 404, 429,
    ]);
  });

  it("does what its rules say as of the next request, and passes on what no rule names", async () => {
    custom({ action: "block", expression: "true" });
    expect(await statuses("/")).toEqual([403]);
    custom(
      { action: "block", expression: "true", enabled: false },
      { action: "challenge", expression: "not ssl" },
    );
    const reply = await get("/");
    expect([reply.status, seen(reply).host]).toEqual([200, ZONE]);
  });
});

describe("a path as rules see it", () => {
  it.each([
    ["/%7Euser/%2f", "/~user/%2F"],
    ["/a/./b/../c/", "/a/c/"],
    ["/a/..", "/"],
    ["/../..//x", "/x"],
    [String.raw`/a\b`, "/a/b"],
  ])("%s is %s", (path, normal) => {
    expect(normalPath(path)).toBe(normal);
  });
});
