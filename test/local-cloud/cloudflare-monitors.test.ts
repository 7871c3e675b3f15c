import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import Cloudflare from "cloudflare";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { applyHealth } from "../../local-cloud/cloudflare/notifications";
import { HealthChecks, type Health } from "../../local-cloud/internet/edge/health";
import { codes, startCloudflare, type Answer, type TestCloudflare } from "../support/cloudflare";

const CHECK = { name: "site", address: "example.com", type: "HTTPS", http_config: { path: "/healthz" } };

describe("monitors", () => {
  let cloudflare: TestCloudflare;
  let checks: string;
  let alerting: string;
  const posted: { url: string; headers: Readonly<Record<string, string>>; body: Record<string, unknown> }[] =
    [];

  beforeEach(async () => {
    posted.length = 0;
    cloudflare = await startCloudflare(undefined, (url, headers, body) => {
      posted.push({ url, headers, body: JSON.parse(body) as Record<string, unknown> });
      return Promise.resolve(url.includes("down") ? 500 : 200);
    });
    const zone = `/zones/${await cloudflare.zoneId()}`;
    checks = `${zone}/healthchecks`;
    alerting = `/accounts/${(await cloudflare.call("GET", "/accounts")).rows[0]!.id}/alerting/v3`;
    await cloudflare.call("PUT", `${zone}/subscription`, { rate_plan: { id: "pro" } });
  });
  afterEach(() => cloudflare.remove());
  const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
    cloudflare.call(method, path, body);
  const found = (id: string, status: "healthy" | "unhealthy"): Promise<void> =>
    applyHealth(cloudflare.deps, [
      { id, status, failure_reason: status === "healthy" ? "" : "HTTP timeout" },
    ]);

  it("live through create, read, change and delete, with the documented defaults", async () => {
    const { result: made } = await call("POST", checks, CHECK);
    expect(made).toMatchObject({
      interval: 60,
      retries: 2,
      timeout: 5,
      consecutive_fails: 1,
      status: "unknown",
    });
    expect(made.http_config).toMatchObject({ path: "/healthz", port: 443, expected_codes: ["200"] });
    const path = `${checks}/${made.id}`;
    expect((await call("PATCH", path, { retries: 0 })).result).toMatchObject({ retries: 0, name: "site" });
    expect((await call("PUT", path, { ...CHECK, suspended: true })).result).toMatchObject({
      status: "suspended",
    });
    expect(cloudflare.healthchecks()).toEqual([]);
    await call("PUT", path, CHECK);
    expect(cloudflare.healthchecks()).toMatchObject([{ path: "/healthz", port: 443, interval: 60 }]);
    await call("DELETE", path);
    expect((await call("GET", path)).status).toBe(404);
  });

  it("are refused with every fault at once, and what the plan does not have", async () => {
    const wrong = { name: "a b", address: "https://x/", type: "UDP", retries: -1 };
    expect(codes(await call("POST", checks, wrong))).toHaveLength(4);
    expect(codes(await call("POST", checks, { ...CHECK, interval: 15 }))).toEqual([1003]);
    await call("PUT", checks.replace("healthchecks", "subscription"), { rate_plan: { id: "free" } });
    expect(codes(await call("POST", checks, CHECK))).toEqual([1003]);
    expect(
      codes(await call("POST", `${alerting}/destinations/webhooks`, { name: "w", url: "https://h.example" })),
    ).toEqual([17_106]);
  });

  it("send each change to the destinations of the policies that are about it", async () => {
    const { result: check } = await call("POST", checks, CHECK);
    const hook = { name: "pager", url: "https://hooks.example/x", secret: "shh" };
    const { result: webhook } = await call("POST", `${alerting}/destinations/webhooks`, hook);
    const { result: read } = await call("GET", `${alerting}/destinations/webhooks/${webhook.id}`);
    expect([read.type, read.secret, typeof read.last_success]).toEqual(["generic", undefined, "string"]);
    await call("POST", `${alerting}/policies`, {
      ...{ name: "down", enabled: true, alert_type: "health_check_status_notification" },
      mechanisms: { webhooks: [{ id: webhook.id }], email: [{ id: "ops@example.com" }] },
      filters: { health_check_id: [check.id], status: ["Unhealthy"] },
    });
    posted.length = 0;

    await found(check.id, "healthy");
    await found(check.id, "unhealthy");
    await found(check.id, "unhealthy");
    await found(check.id, "healthy");
    expect(posted).toMatchObject([
      {
        url: hook.url,
        headers: { "cf-webhook-auth": "shh" },
        body: { name: "down", alert_event: "ALERT_STATE_EVENT_START", data: { health_check_id: check.id } },
      },
    ]);
    const { rows } = await call("GET", `${alerting}/history`);
    expect(rows.map(({ mechanism }) => mechanism)).toEqual(["ops@example.com", "pager"]);
    expect((await call("GET", `${checks}/${check.id}`)).result.status).toBe("healthy");
  });

  it("keep a webhook that a policy uses, and say when one does not answer", async () => {
    const { result: webhook } = await call("POST", `${alerting}/destinations/webhooks`, {
      ...{ name: "w", url: "https://down.example" },
    });
    const path = `${alerting}/destinations/webhooks/${webhook.id}`;
    expect((await call("GET", path)).result).toMatchObject({ last_success: null });
    const { result: policy } = await call("POST", `${alerting}/policies`, {
      ...{ name: "p", enabled: true, alert_type: "health_check_status_notification" },
      mechanisms: { webhooks: [{ id: webhook.id }] },
    });
    expect((await call("DELETE", path)).status).toBe(400);
    await call("DELETE", `${alerting}/policies/${policy.id}`);
    expect((await call("DELETE", path)).status).toBe(200);
  });

  it("go by the official npm client", async () => {
    const client = new Cloudflare({ apiToken: cloudflare.token, baseURL: await cloudflare.listen() });
    const zone_id = checks.split("/")[2]!;
    const made = await client.healthchecks.create({ zone_id, name: "a", address: "example.com" });
    expect((await client.healthchecks.get(made.id!, { zone_id })).type).toBe("HTTP");
    await client.healthchecks.delete(made.id!, { zone_id });
  });
});

describe("the edge's probes", () => {
  let server: Server;
  let answer: { status: number; body: string };
  let asked: IncomingMessage[];
  let running: HealthChecks | undefined;

  beforeEach(async () => {
    answer = { status: 200, body: "All is Well" };
    asked = [];
    server = createServer((request, response) => {
      asked.push(request);
      response.writeHead(answer.status).end(answer.body);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  });
  afterEach(async () => {
    running?.stop();
    await new Promise((done) => server.close(done));
  });

  it("tell healthy and unhealthy after as many results as the check wants, each once", async () => {
    const { port } = server.address() as AddressInfo;
    const check = {
      ...{ id: "1", type: "HTTP" as const, address: "127.0.0.1", port, interval: 0, timeout: 5, retries: 0 },
      ...{ consecutiveFails: 2, consecutiveSuccesses: 1, method: "GET", path: "/up" },
      ...{ headers: { Host: ["site.example"] }, codes: ["2xx"], body: "all is well" },
      ...{ insecure: false, followRedirects: false },
    };
    const config = { edge: "", upstream: "", names: {}, reverse: {}, originTrust: "", zones: [] };
    const told: Health[] = [];
    running = new HealthChecks(
      () => ({ ...config, healthchecks: [check] }),
      (health) => told.push(...health),
    );
    await vi.waitFor(() => expect(told).toHaveLength(1), { timeout: 10_000 });
    expect(asked[0]).toMatchObject({ url: "/up", headers: { host: "site.example" } });
    answer = { status: 200, body: "nothing" };
    await vi.waitFor(() => expect(told).toHaveLength(2), { timeout: 10_000 });
    answer = { status: 204, body: "" };
    expect(told.map(({ status }) => status)).toEqual(["healthy", "unhealthy"]);
    expect(told[1]?.failure_reason).toBe("Response body mismatch error");
  });
});
