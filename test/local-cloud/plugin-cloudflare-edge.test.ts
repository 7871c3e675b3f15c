import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  getRulesets,
  healthcheck,
  notificationPolicy,
  notificationPolicyWebhooks,
  ruleset,
  turnstileWidget,
} from "../../local-cloud/plugins/cloudflare/edge-resources";
import { configure } from "../../local-cloud/plugins/cloudflare/provider-config";
import {
  checkResource,
  diffResource,
  readResource,
  type AnyResource,
} from "../../local-cloud/plugins/lib/lifecycle";
import { startCloudflare, type TestCloudflare } from "../support/cloudflare";
import { recordedContext } from "../support/plugin-context";

type Whole = Required<typeof ruleset>;
type Values = Record<string, unknown>;

describe("what the edge does, as resources", () => {
  const context = recordedContext();
  let cloudflare: TestCloudflare;
  let zoneId: string;
  let accountId: string;

  beforeEach(async () => {
    cloudflare = await startCloudflare();
    configure({ apiToken: cloudflare.token, baseUrl: await cloudflare.listen() });
    zoneId = await cloudflare.zoneId();
    accountId = (await cloudflare.call("GET", "/accounts")).rows[0]!.id;
    await cloudflare.call("PUT", `/zones/${zoneId}/subscription`, { rate_plan: { id: "pro" } });
  });
  afterEach(() => cloudflare.remove());

  /** Creates it, reads it without a change, changes it, imports it, and deletes it. */
  async function live(type: unknown, inputs: Values, next: Values, owner: string): Promise<Values> {
    const one = type as Whole;
    const any = type as AnyResource;
    const { id, outputs } = await one.create(inputs, context);
    const read = await readResource(any, id, inputs, outputs, context);
    expect(diffResource(any, id, read!.outputs, read!.inputs, inputs, [])).toEqual([]);
    const put = await one.update(id, outputs, next, context, inputs);
    expect(put).toMatchObject(next);
    const imported = await one.read(`${owner}/${id}`, {}, context);
    expect(imported?.id).toBe(id);
    const whole = await readResource(any, `${owner}/${id}`, {}, {}, context);
    expect(checkResource(any, {}, whole!.inputs, "n").failures).toEqual([]);
    const { secret: _, ...shown } = next;
    expect(imported?.outputs).toMatchObject(shown);
    await one.delete(id, put, context);
    expect(await one.read(id, put, context)).toBeUndefined();
    return outputs;
  }

  it("is a ruleset, whose drift shows in the rule that drifted", async () => {
    const rule = { action: "block", expression: 'http.host eq "a"', description: "a", enabled: true };
    const inputs = { zoneId, kind: "zone", name: "n", phase: "http_request_firewall_custom", rules: [rule] };
    await live(ruleset, inputs, { ...inputs, rules: [rule, rule] }, `zones/${zoneId}`);

    const { id, outputs } = await (ruleset as Whole).create(inputs, context);
    const [made] = outputs.rules as { readonly id?: string }[];
    expect(await getRulesets.invoke({ zoneId }, context)).toMatchObject({ rulesets: [{ id, name: "n" }] });
    await cloudflare.call("PUT", `/zones/${zoneId}/rulesets/${id}`, { rules: [{ ...rule, enabled: false }] });
    const read = await readResource(ruleset, id, inputs, outputs, context);
    const drift = diffResource(ruleset, id, read!.outputs, read!.inputs, inputs, []);
    expect(drift.map(({ path }) => path)).toEqual(["rules[0].enabled"]);
    expect(made).toBeDefined();
  });

  it("is a Turnstile widget, with its secret", async () => {
    const inputs = { accountId, name: "n", mode: "managed", domains: ["example.com"] };
    const outputs = await live(turnstileWidget, inputs, { ...inputs, mode: "invisible" }, accountId);
    expect(outputs).toMatchObject({
      secret: expect.any(String) as string,
      sitekey: expect.any(String) as string,
    });
  });

  it("is a health check, whose headers keep their names", async () => {
    const httpConfig = { path: "/up", header: { "X-Token-Id": ["a"] } };
    const inputs = { zoneId, name: "n", address: "example.com", type: "HTTPS", httpConfig };
    await live(healthcheck, inputs, { ...inputs, interval: 120 }, zoneId);
  });

  it("is a webhook and a policy that names it", async () => {
    const hook = { accountId, name: "w", url: "https://w.example", secret: "s" };
    const { id } = await (notificationPolicyWebhooks as Whole).create(hook, context);
    const inputs = {
      ...{ accountId, name: "n", alertType: "health_check_status_notification" },
      mechanisms: { webhooks: [{ id }], emails: [{ id: "a@example.com" }] },
      filters: { healthCheckIds: ["1"], statuses: ["Unhealthy"] },
    };
    await live(notificationPolicy, inputs, { ...inputs, enabled: false }, accountId);
    await (notificationPolicyWebhooks as Whole).delete(id, hook, context);
    await live(notificationPolicyWebhooks, hook, { ...hook, name: "x" }, accountId);
  });
});
