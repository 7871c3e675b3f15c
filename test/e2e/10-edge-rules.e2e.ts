import Cloudflare from "cloudflare";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { DOMAIN, environment, execute, visitor, type Result } from "./support/cloud";

const FIREWALL = "http_request_firewall_custom";
const SHOW = ["-sS", "-m", "20", "-o", "/dev/null", "-D", "-"];

describe("rules at the edge, made by the official client and met by visitors", () => {
  let client: Cloudflare;
  let zone_id: string;
  let here: (url: string) => Promise<Result>;

  beforeAll(async () => {
    const env = await environment();
    client = new Cloudflare({
      apiToken: env.CLOUDFLARE_API_TOKEN ?? "",
      baseURL: env.CLOUDFLARE_BASE_URL ?? "",
    });
    zone_id = (await client.zones.list({ name: DOMAIN })).result[0]?.id ?? "";
    const to = ["--resolve", `${DOMAIN}:443:${env.HOMEPORT_EDGE}`, "--cacert", env.HOMEPORT_CA ?? ""];
    here = (url) => execute("curl", [...SHOW, ...to, url], env);
  });

  afterEach(async () => {
    for await (const { id } of client.rulesets.list({ zone_id }))
      await client.rulesets.delete(id, { zone_id });
  });

  const use = (phase: Cloudflare.Rulesets.Phase, ...rules: object[]): Promise<unknown> =>
    client.rulesets.phases.update(phase, { zone_id, rules });
  const ask = async (path: string, ...options: string[]): Promise<string> =>
    (await visitor("curl", ...SHOW, ...options, `https://${DOMAIN}${path}`)).stdout;
  const status = (shown: string): number => Number(/^HTTP\/\S+ (\d+)/.exec(shown)?.[1]);

  it("block and challenge the paths they name, spare what is skipped, and end when they are removed", async () => {
    await use(
      FIREWALL,
      {
        action: "skip",
        action_parameters: { ruleset: "current" },
        expression: 'http.request.uri.path eq "/up"',
      },
      { action: "managed_challenge", expression: 'starts_with(http.request.uri.path, "/admin")' },
      {
        action: "block",
        expression: 'http.request.method eq "DELETE" or http.request.uri.path eq "/runs/new"',
      },
    );
    expect(status(await ask("/up"))).toBe(200);
    expect(status(await ask("/up", "-X", "DELETE"))).not.toBe(403);
    expect(await ask("//%61dmin/users")).toMatch(/^HTTP\/2 403[\s\S]*cf-mitigated: challenge/);
    expect(status(await ask("/", "-X", "DELETE"))).toBe(403);
    expect(status(await ask("/runs/new"))).toBe(403);
    await use(FIREWALL);
    expect(status(await ask("/runs/new"))).toBe(404); // the application's own answer
  });

  it("redirect to what an expression makes of the request", async () => {
    await use("http_request_dynamic_redirect", {
      action: "redirect",
      expression: 'http.request.uri.path wildcard "/old/*"',
      action_parameters: {
        from_value: {
          status_code: 308,
          preserve_query_string: true,
          target_url: {
            expression:
              'concat("https://", http.host, wildcard_replace(http.request.uri.path, "/OLD/*", "/${1}"))',
          },
        },
      },
    });
    const moved = /^HTTP\/2 308[\s\S]*location: https:\/\/mxcorre\.com\/up\?a=1\r/;
    expect(await ask("/old/up?a=1")).toMatch(moved);
    expect(status(await ask("/up"))).toBe(200);
  });

  it("limit the rate of one client with 429 and leave another undisturbed", async () => {
    await use("http_ratelimit", {
      action: "block",
      expression: 'http.request.uri.path eq "/up"',
      ratelimit: {
        characteristics: ["cf.colo.id", "ip.src"],
        ...{ period: 10, requests_per_period: 5, mitigation_timeout: 10 },
      },
    });
    const loop = `for i in $(seq 8); do curl -sS -m 20 -o /dev/null -w '%{http_code} ' https://${DOMAIN}/up; done`;
    expect((await visitor("sh", "-c", loop)).stdout.trim()).toMatch(/^(200 ){5}.*429$/);
    expect(await ask("/up")).toMatch(/^HTTP\/2 429[\s\S]*retry-after: \d+/);
    expect(status((await here(`https://${DOMAIN}/up`)).stdout)).toBe(200);
    expect(status(await ask("/"))).toBe(200);
  });

  it("are refused with the place of what is not understood", async () => {
    const wrong = use(FIREWALL, { action: "block", expression: "cf.bot_management.score lt 30" });
    await expect(wrong).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining("(1:1)") as string,
    });
  });
});
