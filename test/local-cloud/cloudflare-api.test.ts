import { X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { codes, startCloudflare, type TestCloudflare } from "../support/cloudflare";

let cloudflare: TestCloudflare;
let zone: string;

const call: TestCloudflare["call"] = (...request) => cloudflare.call(...request);

beforeEach(async () => {
  cloudflare = await startCloudflare();
  zone = await cloudflare.zoneId();
});

afterEach(() => cloudflare.remove());

describe("every answer", () => {
  it("is JSON in Cloudflare's envelope with a request id", async () => {
    const { status, headers, body } = await call("GET", `/zones/${zone}`);
    expect(status).toBe(200);
    expect(headers["content-type"]).toMatch(/^application\/json/);
    expect(headers["cf-ray"]).toMatch(/^[0-9a-f]{16}-/);
    expect(body).toMatchObject({ success: true, errors: [], messages: [] });
  });

  it.each([
    ["GET", "/nothing"],
    ["GET", "/zones/example.com/dns_records"],
    ["GET", "/zones/not-an-id"],
    ["POST", "/zones/not-an-id/nothing"],
  ])("to %s %s says that nothing is served there", async (method, path) => {
    const answer = await call(method, path);
    expect(answer.status).toBe(400);
    expect(codes(answer)).toEqual([7003, 7000]);
    expect(answer.body).toMatchObject({ success: false, result: null });
    expect(answer.body.errors[0]?.message).toContain(`/client/v4${path}`);
  });

  it("to a body that is no JSON is 6007", async () => {
    const answer = await call("POST", `/zones/${zone}/dns_records`, "{");
    expect([answer.status, codes(answer)]).toEqual([400, [6007]]);
  });
});

describe("a token", () => {
  const wrong = "x".repeat(40);

  it("that is good is verified", async () => {
    const { body, result } = await call("GET", "/user/tokens/verify");
    expect(result.status).toBe("active");
    expect(body.messages[0]?.message).toBe("This API Token is valid and active");
  });

  it.each([
    ["/zones", wrong, 403, 9109],
    ["/accounts", wrong, 403, 9109],
    ["/user/tokens/verify", wrong, 401, 1000],
    ["/certificates", wrong, 400, 10000],
    ["/zones", "short", 400, 6003],
  ])("refused at %s: %s", async (path, token, status, code) => {
    const answer = await call("GET", path, undefined, { authorization: `Bearer ${token}` });
    expect([answer.status, codes(answer)]).toEqual([status, [code]]);
    expect(JSON.stringify(answer.body)).not.toContain(token);
  });

  it("that is missing is asked for, but not for the edge's ranges", async () => {
    const headers = { authorization: undefined };
    expect(codes(await call("GET", "/zones", undefined, headers))).toEqual([9106]);
    const ips = (await call("GET", "/ips", undefined, headers)).result;
    expect(ips.ipv4_cidrs).toEqual(["100.65.0.0/24"]);
    expect(ips.ipv6_cidrs).toHaveLength(1);
    expect(ips.etag).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe("zones", () => {
  it("are found by name, with operators, and counted", async () => {
    await call("POST", "/zones", { name: "other.org", account: {} });
    const names = async (query: string): Promise<unknown[]> =>
      (await call("GET", `/zones?${query}`)).rows.map(({ name }) => name);
    expect(await names("name=example.com")).toEqual(["example.com"]);
    expect(await names("name=contains:other")).toEqual(["other.org"]);
    expect(await names("name=example.com&status=pending")).toEqual([]);
    expect(await names("name=example.com&status=pending&match=any")).toEqual(["example.com", "other.org"]);
    expect(await names("order=name&direction=desc")).toEqual(["other.org", "example.com"]);
    expect((await call("GET", "/zones?per_page=5")).body.result_info).toEqual({
      page: 1,
      per_page: 5,
      count: 2,
      total_count: 2,
      total_pages: 1,
    });
  });

  it("begin pending and reach the edge once they are active", async () => {
    const { result } = await call("POST", "/zones", { name: "other.org" });
    expect(result.status).toBe("pending");
    expect(cloudflare.edge().map(({ name }) => name)).toEqual(["example.com"]);
    await call("PUT", `/zones/${result.id}/activation_check`);
    expect(cloudflare.edge().map(({ name }) => name)).toEqual(["example.com", "other.org"]);
    await call("DELETE", `/zones/${result.id}`);
    expect(cloudflare.edge()).toHaveLength(1);
    expect((await call("GET", `/zones/${result.id}`)).status).toBe(404);
  });

  it("exist once", async () => {
    expect(codes(await call("POST", "/zones", { name: "example.com" }))).toEqual([1061]);
  });

  it("have an edge certificate for apex and one level below, signed by the local CA", () => {
    const certificate = new X509Certificate(cloudflare.edge()[0]?.certificate.certPem ?? "");
    const ca = new X509Certificate(readFileSync(join(cloudflare.stateDir, "ca", "ca.crt")));
    expect(certificate.verify(ca.publicKey)).toBe(true);
    expect(certificate.subjectAltName).toBe("DNS:example.com, DNS:*.example.com");
    expect(statSync(join(cloudflare.stateDir, "cloudflare.json")).mode & 0o777).toBe(0o600);
    expect(statSync(join(cloudflare.stateDir, "ca", "ca.key")).mode & 0o777).toBe(0o600);
  });
});

describe("a restart", () => {
  it("changes nothing", async () => {
    await call("POST", `/zones/${zone}/dns_records`, {
      type: "A",
      name: "www",
      content: "203.0.113.7",
      ttl: 1,
      proxied: true,
    });
    await call("PATCH", `/zones/${zone}/settings/ssl`, { value: "strict" });
    const before = cloudflare.edge();
    await cloudflare.app.close();
    cloudflare = await startCloudflare(cloudflare.stateDir);
    expect(cloudflare.edge()).toEqual(before);
    expect((await call("GET", `/zones/${zone}`)).status).toBe(200);
  });
});

describe("faults", () => {
  const plan = (payload: object) =>
    cloudflare.app.inject({ method: "POST", url: "/_control/cloudflare/faults", payload });

  it("hit the next matching requests only", async () => {
    await plan({ method: "get", path: "/zones$", status: 502, headers: { "retry-after": "1" }, times: 2 });
    expect((await call("GET", `/zones/${zone}`)).status).toBe(200);
    const first = await call("GET", "/zones");
    expect([first.status, first.headers["retry-after"], first.body.success]).toEqual([502, "1", false]);
    expect((await call("GET", "/zones")).status).toBe(502);
    expect((await call("GET", "/zones")).status).toBe(200);
  });

  it("are forgotten on DELETE, and refused when they say nothing or too much", async () => {
    await plan({ status: 500, times: 9 });
    await cloudflare.app.inject({ method: "DELETE", url: "/_control/cloudflare/faults" });
    expect((await call("GET", "/zones")).status).toBe(200);
    for (const wrong of [{}, { status: 99 }, { status: 500, path: "(" }, { status: 500, when: "now" }]) {
      expect((await plan(wrong)).statusCode).toBe(400);
    }
  });

  it("can lose the reply of what was done, or never reply", async () => {
    const base = await cloudflare.listen();
    const headers = { authorization: `Bearer ${cloudflare.token}`, "content-type": "application/json" };
    const body = JSON.stringify({ type: "A", name: "lost", content: "203.0.113.7", ttl: 1 });
    await plan({ method: "POST", path: "/dns_records$", loseReply: true });
    await expect(
      fetch(`${base}/zones/${zone}/dns_records`, { method: "POST", headers, body }),
    ).rejects.toThrow();
    expect(cloudflare.edge()[0]?.records.map(({ name }) => name)).toEqual(["lost.example.com"]);
    await plan({ hang: true });
    const aborted = fetch(`${base}/zones`, { headers, signal: AbortSignal.timeout(200) });
    await expect(aborted).rejects.toThrow(/timeout/i);
    expect((await fetch(`${base}/zones`, { headers })).status).toBe(200);
  });

  it("do not keep the server from ending", async () => {
    const base = await cloudflare.listen();
    await plan({ path: "/ips$", hang: true });
    const answer = fetch(`${base}/ips`).catch((error: unknown) => error);
    await vi.waitFor(async () => {
      const { faults } = (await cloudflare.app.inject({ url: "/_control/cloudflare/faults" })).json<{
        faults: object[];
      }>();
      expect(faults).toEqual([]);
    });
    await cloudflare.app.close();
    expect(await answer).toBeInstanceOf(Error);
  });
});
