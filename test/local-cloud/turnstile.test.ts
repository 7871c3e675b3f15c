import Cloudflare from "cloudflare";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { codes, startCloudflare, type Answer, type TestCloudflare } from "../support/cloudflare";
import { edgeBed } from "../support/edge-bed";

const WIDGET = { name: "login", mode: "managed", domains: ["example.com"] };

describe("Turnstile's widgets", () => {
  let cloudflare: TestCloudflare;
  let root: string;

  beforeEach(async () => {
    cloudflare = await startCloudflare();
    root = `/accounts/${(await cloudflare.call("GET", "/accounts")).rows[0]!.id}/challenges/widgets`;
  });
  afterEach(() => cloudflare.remove());
  const call = (method: string, path = "", body?: unknown): Promise<Answer> =>
    cloudflare.call(method, root + path, body);

  it("live through create, read, update, list and delete, with the secret outside of lists", async () => {
    const { result: made } = await call("POST", "", WIDGET);
    expect(made).toMatchObject({
      ...WIDGET,
      region: "world",
      clearance_level: "no_clearance",
      offlabel: false,
    });
    const path = `/${String(made.sitekey)}`;
    expect((await call("GET", path)).result).toEqual(made);
    const { result: put } = await call("PUT", path, { ...WIDGET, mode: "invisible" });
    expect(put).toMatchObject({ mode: "invisible", secret: made.secret, sitekey: made.sitekey });
    const { rows } = await call("GET");
    expect([rows.length, rows[0]?.secret]).toEqual([1, undefined]);
    expect(cloudflare.turnstile()?.widgets).toEqual([
      { sitekey: made.sitekey, domains: ["example.com"], secrets: [{ secret: made.secret }] },
    ]);
    await call("DELETE", path);
    expect((await call("GET", path)).status).toBe(404);
  });

  it("keep a rotated secret for two hours, unless it goes at once", async () => {
    const { result: made } = await call("POST", "", WIDGET);
    const path = `/${String(made.sitekey)}/rotate_secret`;
    const { result: soft } = await call("POST", path, {});
    expect(soft.secret).not.toBe(made.secret);
    expect(cloudflare.turnstile()?.widgets[0]?.secrets.map(({ secret }) => secret)).toEqual([
      soft.secret,
      made.secret,
    ]);
    const { result: hard } = await call("POST", path, { invalidate_immediately: true });
    expect(cloudflare.turnstile()?.widgets[0]?.secrets).toEqual([{ secret: hard.secret }]);
  });

  it("are refused with every fault at once", async () => {
    expect(codes(await call("POST", "", { mode: "loud", domains: ["a b"], offlabel: true }))).toHaveLength(4);
    const elsewhere = await cloudflare.call("GET", `/accounts/${"0".repeat(32)}/challenges/widgets`);
    expect([elsewhere.status, codes(elsewhere)]).toEqual([403, [9109]]);
  });

  it("go by the official npm client", async () => {
    const client = new Cloudflare({ apiToken: cloudflare.token, baseURL: await cloudflare.listen() });
    const account_id = root.split("/")[2]!;
    const made = await client.turnstile.widgets.create({
      account_id,
      name: "n",
      mode: "managed",
      domains: ["a.example"],
    });
    const next = await client.turnstile.widgets.rotateSecret(made.sitekey, { account_id });
    expect((await client.turnstile.widgets.get(made.sitekey, { account_id })).secret).toBe(next.secret);
    await client.turnstile.widgets.delete(made.sitekey, { account_id });
  });
});

describe("siteverify", () => {
  const bed = edgeBed();
  const ROOT = "https://challenges.cloudflare.com/turnstile/v0";
  const now = Date.now();

  beforeEach(() =>
    bed.turnstile([
      {
        sitekey: "one",
        domains: ["example.com"],
        secrets: [{ secret: "s1" }, { secret: "gone", until: -now }],
      },
      { sitekey: "two", domains: ["example.org"], secrets: [{ secret: "s2" }] },
    ]),
  );
  async function verify(form: Record<string, string>): Promise<Record<string, unknown>> {
    const headers = { "content-type": "application/json" };
    const reply = await bed.visit(`${ROOT}/siteverify`, { method: "POST", headers }, JSON.stringify(form));
    return JSON.parse(reply.body) as Record<string, unknown>;
  }
  async function token(sitekey = "one", origin = "https://www.example.com"): Promise<string> {
    const path = `/turnstile/v0/local-token?sitekey=${sitekey}&action=login`;
    const { body } = await bed.visit(ROOT, { path, headers: { origin } });
    return (JSON.parse(body) as { token?: string }).token ?? "";
  }
  const errorOf = async (form: Record<string, string>): Promise<unknown> => {
    const { success, "error-codes": errors } = await verify(form);
    return success === false ? errors : "success";
  };

  it("believes a token once, and again only with the same idempotency key", async () => {
    const form = { secret: "s1", response: await token(), idempotency_key: "k" };
    const good = await verify(form);
    expect(good).toMatchObject({
      success: true,
      hostname: "www.example.com",
      action: "login",
      "error-codes": [],
    });
    expect(await verify(form)).toEqual(good);
    expect(await errorOf({ ...form, idempotency_key: "other" })).toEqual(["timeout-or-duplicate"]);
  });

  it("takes a form as browsers' servers send it", async () => {
    const body = new URLSearchParams({ secret: "s1", response: await token() }).toString();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const reply = await bed.visit(`${ROOT}/siteverify`, { method: "POST", headers }, body);
    expect(JSON.parse(reply.body)).toMatchObject({ success: true });
  });

  it("refuses strangers' tokens, secrets and sites, and what is late", async () => {
    expect(await errorOf({ response: "x" })).toEqual(["missing-input-secret"]);
    expect(await errorOf({ secret: "nobody's", response: "x" })).toEqual(["invalid-input-secret"]);
    expect(await errorOf({ secret: "gone", response: await token() })).toEqual(["invalid-input-secret"]);
    expect(await errorOf({ secret: "s1" })).toEqual(["missing-input-response"]);
    expect(await errorOf({ secret: "s1", response: "XXXX.DUMMY.TOKEN.XXXX" })).toEqual([
      "invalid-input-response",
    ]);
    expect(await errorOf({ secret: "s2", response: await token() })).toEqual(["invalid-input-response"]);
    expect(await token("one", "https://example.org")).toBe("");
    const late = await token();
    bed.pass(301);
    expect(await errorOf({ secret: "s1", response: late })).toEqual(["timeout-or-duplicate"]);
  });

  it.each([
    ["1x0000000000000000000000000000000AA", "success"],
    ["2x0000000000000000000000000000000AA", ["invalid-input-response"]],
    ["3x0000000000000000000000000000000AA", ["timeout-or-duplicate"]],
  ])("answers for the published test secret %s as documented", async (secret, expected) => {
    expect(await errorOf({ secret, response: "XXXX.DUMMY.TOKEN.XXXX" })).toEqual(expected);
  });
});
