import Cloudflare from "cloudflare";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { codes, startCloudflare, type Answer, type Row, type TestCloudflare } from "../support/cloudflare";

const PHASE = "http_request_firewall_custom";
const BLOCK = { action: "block", expression: 'http.request.uri.path eq "/x"' };
const LIMIT = {
  ...BLOCK,
  ratelimit: {
    characteristics: ["cf.colo.id", "ip.src"],
    ...{ period: 10, requests_per_period: 5, mitigation_timeout: 10 },
  },
};
const redirect = (from_value: object): object => ({
  ...{ action: "redirect", expression: "true", action_parameters: { from_value } },
});

describe("rulesets", () => {
  let cloudflare: TestCloudflare;
  let root: string;

  beforeEach(async () => {
    cloudflare = await startCloudflare();
    root = `/zones/${await cloudflare.zoneId()}`;
  });
  afterEach(() => cloudflare.remove());

  const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
    cloudflare.call(method, root + path, body);
  const put = (phase: string, ...rules: object[]): Promise<Answer> =>
    call("PUT", `/rulesets/phases/${phase}/entrypoint`, { rules });
  const rulesOf = ({ result }: Answer): Row[] => result.rules as Row[];
  const faults = ({ body }: Answer): string[] =>
    body.errors.map(
      (one) => `${String((one as { source?: { pointer: string } }).source?.pointer)} ${one.message}`,
    );

  it("live through create, read, update, rule by rule, versions and delete", async () => {
    expect((await call("GET", `/rulesets/phases/${PHASE}/entrypoint`)).status).toBe(404);
    const made = (
      await call("POST", "/rulesets", { name: "mine", kind: "zone", phase: PHASE, rules: [BLOCK] })
    ).result;
    expect(made).toMatchObject({ name: "mine", description: "", kind: "zone", phase: PHASE, version: "1" });
    const first = (made.rules as Row[])[0]!;
    expect(first).toMatchObject({ ...BLOCK, enabled: true, version: "1", ref: first.id });
    expect((await call("GET", `/rulesets/phases/${PHASE}/entrypoint`)).result).toEqual(made);
    const listed = (await call("GET", "/rulesets")).rows;
    expect([listed.length, listed[0]?.id, listed[0]?.rules]).toEqual([1, made.id, undefined]);

    const one = `/rulesets/${made.id}`;
    const two = await call("POST", `${one}/rules`, { ...BLOCK, ref: "second", position: { before: "" } });
    expect(rulesOf(two).map(({ ref }) => ref)).toEqual(["second", first.id]);
    const off = await call("PATCH", `${one}/rules/${first.id}`, { enabled: false });
    expect(rulesOf(off)[1]).toMatchObject({ ...BLOCK, id: first.id, enabled: false, version: "2" });
    expect(cloudflare.edge()[0]!.rules).toEqual({
      [PHASE]: [expect.objectContaining({ action: { kind: "block" } })],
    });
    expect(rulesOf(await call("DELETE", `${one}/rules/${first.id}`))).toHaveLength(1);

    const versions = (await call("GET", `${one}/versions`)).rows.map(({ version }) => version);
    expect(versions).toEqual(["1", "2", "3", "4"]);
    expect((await call("GET", `${one}/versions/1`)).result.rules).toEqual([first]);
    expect((await call("DELETE", one)).status).toBe(204);
    expect((await call("GET", one)).status).toBe(404);
    expect(cloudflare.edge()[0]!.rules).toEqual({});
  });

  it("keep a rule's id by its ref when all of them are put again", async () => {
    const before = rulesOf(await put(PHASE, { ...BLOCK, ref: "a" }, { ...BLOCK, ref: "b" }));
    const after = rulesOf(
      await put(PHASE, { ...BLOCK, ref: "b", description: "new" }, { ...BLOCK, ref: "c" }),
    );
    expect(after[0]).toMatchObject({ id: before[1]?.id, version: "2", description: "new" });
    expect(before.map(({ id }) => id)).not.toContain(after[1]?.id);
  });

  it("are one for each phase", async () => {
    const body = { name: "mine", kind: "zone", phase: PHASE };
    await call("POST", "/rulesets", body);
    expect(codes(await call("POST", "/rulesets", body))).toEqual([20217]);
    expect(codes(await call("POST", "/rulesets", { ...body, kind: "custom" }))).toEqual([20120]);
    expect(faults(await put("http_request_transform"))[0]).toMatch(/^\/phase .*edge knows/);
  });

  it("refuse an expression with its place", async () => {
    const answer = await put(PHASE, BLOCK, { ...BLOCK, expression: "ssl and cf.waf.score lt 20" });
    expect([answer.status, codes(answer)]).toEqual([400, [20127]]);
    expect(faults(answer)[0]).toMatch(
      /^\/rules\/1\/expression '.*' is not a valid value for expression because could not parse filter expression: Filter parsing error \(1:9\):/,
    );
    expect(rulesOf(await put(PHASE))).toEqual([]);
  });

  it.each<[string, string, object, RegExp]>([
    [
      "an action of another phase",
      PHASE,
      redirect({ target_url: { value: "https://a.example" } }),
      /^\/rules\/0\/action .*not available/,
    ],
    ["an unknown member", PHASE, { ...BLOCK, prio: 1 }, /^\/rules\/0 .*prio/],
    ["a missing expression", PHASE, { action: "block" }, /^\/rules\/0\/expression/],
    ["a skip of nothing", PHASE, { ...BLOCK, action: "skip", action_parameters: {} }, /what to skip/],
    [
      "a skip of both",
      PHASE,
      { ...BLOCK, action: "skip", action_parameters: { ruleset: "current", phases: ["http_ratelimit"] } },
      /does not go with/,
    ],
    [
      "a status that blocks not",
      PHASE,
      { ...BLOCK, action_parameters: { response: { status_code: 200, content: "a", content_type: "b" } } },
      /status_code/,
    ],
    ["a limit elsewhere", PHASE, LIMIT, /not available in the phase/],
    ["logging of a block", PHASE, { ...BLOCK, logging: { enabled: true } }, /skip rules only/],
    ["no limit", "http_ratelimit", BLOCK, /required in the phase/],
    [
      "no data centre",
      "http_ratelimit",
      { ...LIMIT, ratelimit: { ...LIMIT.ratelimit, characteristics: ["ip.src"] } },
      /cf\.colo\.id is required/,
    ],
    [
      "a status that redirects not",
      "http_request_dynamic_redirect",
      redirect({ status_code: 200, target_url: { value: "/a" } }),
      /status_code/,
    ],
    [
      "a target that is no URL",
      "http_request_dynamic_redirect",
      redirect({ target_url: { value: "no url" } }),
      /neither a URL/,
    ],
    [
      "a target that is no text",
      "http_request_dynamic_redirect",
      redirect({ target_url: { expression: "len(http.host)" } }),
      /type String/,
    ],
  ])("refuse %s", async (_, phase, rule, message) => {
    const answer = await put(phase, rule);
    expect([answer.status, faults(answer).join("; ")]).toEqual([400, expect.stringMatching(message)]);
  });

  it("hold as many rules, and such, as the zone's plan allows", async () => {
    const wide = {
      ...LIMIT,
      expression: 'http.host eq "example.com"',
      ratelimit: { ...LIMIT.ratelimit, period: 60 },
    };
    const answer = await put("http_ratelimit", wide, LIMIT);
    expect(faults(answer)).toEqual([
      expect.stringMatching(/^\/rules\/0\/expression .*not entitled: .*http\.host/),
      expect.stringMatching(/^\/rules\/0\/ratelimit\/period .*allowed values are \[10\]/),
      expect.stringMatching(/maximum number of rules .* 2 out of 1/),
    ]);
    expect(faults(await put(PHASE, { ...BLOCK, expression: 'http.host matches "a"' }))[0]).toMatch(
      /Business plan/,
    );
    expect(codes(await call("PUT", "/subscription", { rate_plan: { id: "gold" } }))).toEqual([1203]);
    await call("PUT", "/subscription", { rate_plan: { id: "business" } });
    expect((await call("GET", "")).result.plan).toMatchObject({ legacy_id: "business" });
    expect(rulesOf(await put("http_ratelimit", wide, LIMIT))).toHaveLength(2);
  });

  it("go by the official npm client", async () => {
    const client = new Cloudflare({ apiToken: cloudflare.token, baseURL: await cloudflare.listen() });
    const zone_id = await cloudflare.zoneId();
    const rule = { ...BLOCK, action: "managed_challenge" as const };
    const made = (await client.rulesets.create({
      zone_id,
      name: "n",
      kind: "zone",
      phase: PHASE,
      rules: [rule],
    })) as Row;
    const found = await client.rulesets.phases.get(PHASE, { zone_id });
    expect(found).toEqual(made);
    await client.rulesets.rules.create(made.id, { zone_id, ...BLOCK, action: "block" });
    const put = (await client.rulesets.update(made.id, { zone_id, rules: [] })) as Row;
    expect([put.rules, put.version]).toEqual([[], "3"]);
    await client.rulesets.delete(made.id, { zone_id });
    await expect(client.rulesets.get(made.id, { zone_id })).rejects.toBeInstanceOf(Cloudflare.NotFoundError);
  });
});
