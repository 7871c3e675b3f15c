import { X509Certificate, generateKeyPairSync } from "node:crypto";
import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { InjectOptions } from "fastify";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { newRequest, startCloudflare, type TestCloudflare } from "../support/cloudflare";

type Row = Record<string, unknown>;

interface Answer {
  readonly status: number;
  readonly headers: Row;
  readonly body: {
    readonly success: boolean;
    readonly errors: readonly { code: number; message: string }[];
    readonly messages: readonly { code: number; message: string }[];
    readonly result_info: Row;
  };
  /** The result, where it is an object. */
  readonly result: Row;
  /** The result, where it is a list. */
  readonly rows: readonly Row[];
}

let cloudflare: TestCloudflare;
let zone: string;

async function call(method: string, path: string, payload?: unknown, headers: object = {}): Promise<Answer> {
  const answer = await cloudflare.app.inject({
    method: method as InjectOptions["method"],
    url: `/client/v4${path}`,
    headers: { authorization: `Bearer ${cloudflare.token}`, "content-type": "application/json", ...headers },
    ...(payload === undefined
      ? {}
      : { payload: typeof payload === "string" ? payload : JSON.stringify(payload) }),
  });
  const body = answer.json<Answer["body"] & { result: unknown }>();
  const rows = Array.isArray(body.result) ? (body.result as Row[]) : [];
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body,
    result: (body.result ?? {}) as Row,
    rows,
  };
}

const record = (body: object): Promise<Answer> => call("POST", `/zones/${zone}/dns_records`, body);
const codes = ({ body }: Answer): number[] => body.errors.map(({ code }) => code);

beforeEach(async () => {
  cloudflare = await startCloudflare();
  zone = (await call("GET", "/zones?name=example.com")).rows[0]?.id as string;
});

afterEach(async () => {
  await cloudflare.app.close();
  rmSync(cloudflare.stateDir, { recursive: true, force: true });
});

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
    const bare = (url: string) => cloudflare.app.inject({ url: `/client/v4${url}` });
    expect((await bare("/zones")).json().errors[0].code).toBe(9106);
    const ips = (await bare("/ips")).json().result;
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

describe("DNS records", () => {
  const A = { type: "A", name: "www", content: "203.0.113.7", ttl: 1, proxied: true };

  it("are echoed with their full name and dates", async () => {
    const { result } = await record({ ...A, comment: "web" });
    expect(result).toMatchObject({
      ...A,
      name: "www.example.com",
      proxiable: true,
      comment: "web",
      tags: [],
      settings: {},
    });
    expect(result.id).toMatch(/^[0-9a-f]{32}$/);
    expect(result.created_on).toBe(result.modified_on);
    expect(cloudflare.edge()[0]?.records).toEqual([
      { name: "www.example.com", type: "A", content: "203.0.113.7", proxied: true, ttl: 1 },
    ]);
  });

  it.each([
    ["@", "example.com"],
    ["example.com.", "example.com"],
    ["WWW.Example.COM", "www.example.com"],
    ["www.other.org", "www.other.org.example.com"],
    ["bücher", "xn--bcher-kva.example.com"],
    ["*", "*.example.com"],
  ])("take %s for %s", async (given, name) => {
    expect((await record({ ...A, name: given })).result.name).toBe(name);
  });

  it.each([
    ["an IPv6 address in A", { ...A, content: "2001:db8::1" }, 9005],
    ["a name in AAAA", { ...A, type: "AAAA", content: "www.example.com" }, 9006],
    ["an address as CNAME", { ...A, type: "CNAME", content: "203.0.113.7" }, 9007],
    ["a CNAME to itself", { ...A, type: "CNAME", content: "www.example.com" }, 9039],
    ["a TTL of 30", { ...A, proxied: false, ttl: 30 }, 9021],
    ["a TTL above a day", { ...A, proxied: false, ttl: 86401 }, 9021],
    ["a proxied TXT", { ...A, type: "TXT", content: "text" }, 9004],
    ["a proxied private address", { ...A, content: "10.0.0.1" }, 9003],
    ["the edge as its own origin", { ...A, content: "100.65.0.20" }, 9003],
    ["an unknown type", { ...A, type: "SPAM" }, 9020],
    ["no content", { ...A, content: undefined }, 9101],
    ["an MX without priority", { type: "MX", name: "@", content: "mail.example.com", ttl: 1 }, 9101],
    ["a name with a blank", { ...A, name: "a b" }, 9000],
    ["a label of 64", { ...A, name: "a".repeat(64) }, 9000],
  ])("refuse %s", async (_what, body, code) => {
    const answer = await record(body);
    expect([answer.status, codes(answer)]).toEqual([400, [code]]);
    expect(cloudflare.edge()[0]?.records).toEqual([]);
  });

  it("have the automatic TTL when they are proxied, and the local cloud's servers can be", async () => {
    const { result } = await record({ ...A, content: "100.64.0.10", ttl: 3600 });
    expect(result).toMatchObject({ ttl: 1, proxied: true, proxiable: true });
  });

  it("stand beside each other as DNS and Cloudflare allow", async () => {
    await record(A);
    expect(codes(await record(A))).toEqual([81058]);
    expect(codes(await record({ ...A, proxied: false }))).toEqual([81057]);
    expect(codes(await record({ type: "CNAME", name: "www", content: "example.com", ttl: 1 }))).toEqual([
      81053,
    ]);
    expect((await record({ ...A, content: "203.0.113.8" })).status).toBe(200);
    expect((await record({ type: "TXT", name: "www", content: "text", ttl: 1 })).status).toBe(200);
    await record({ type: "CNAME", name: "alias", content: "example.com", ttl: 1 });
    expect(codes(await record({ ...A, name: "alias" }))).toEqual([81054]);
  });

  it("are replaced by PUT, changed by PATCH and gone after DELETE", async () => {
    const { id } = (await record({ ...A, comment: "web" })).result;
    const path = `/zones/${zone}/dns_records/${id}`;
    const put = await call("PUT", path, { ...A, content: "203.0.113.9" });
    expect(put.result).toMatchObject({ id, content: "203.0.113.9", comment: null });
    const patch = await call("PATCH", path, { proxied: false, ttl: 600 });
    expect(patch.result).toMatchObject({ content: "203.0.113.9", proxied: false, ttl: 600 });
    expect((await call("DELETE", path)).result).toEqual({ id });
    const gone = await call("GET", path);
    expect([gone.status, codes(gone)]).toEqual([404, [81044]]);
  });

  it("with data of their own get their text and priority", async () => {
    const caa = await record({
      type: "CAA",
      name: "@",
      ttl: 1,
      data: { flags: 0, tag: "issue", value: "pki.goog" },
    });
    expect(caa.result).toMatchObject({ content: '0 issue "pki.goog"', proxiable: false });
    const srv = await record({
      type: "SRV",
      name: "_sip._tcp",
      ttl: 1,
      data: { priority: 10, weight: 5, port: 5060, target: "sip.example.com" },
    });
    expect(srv.result).toMatchObject({ content: "5 5060 sip.example.com", priority: 10 });
    const mx = await record({ type: "MX", name: "@", content: "mail.example.com", priority: 5, ttl: 1 });
    expect(mx.result.priority).toBe(5);
  });

  it("are filtered, ordered and paged", async () => {
    await record({ ...A, name: "b" });
    await record({ ...A, name: "a", comment: "first" });
    await record({ type: "TXT", name: "c", content: "text", ttl: 1 });
    const list = async (query: string): Promise<Answer> => call("GET", `/zones/${zone}/dns_records?${query}`);
    const names = async (query: string): Promise<unknown[]> =>
      (await list(query)).rows.map(({ name }) => String(name).split(".")[0]);
    expect(await names("order=name")).toEqual(["a", "b", "c"]);
    expect(await names("type=TXT")).toEqual(["c"]);
    expect(await names("name=a.example.com")).toEqual(["a"]);
    expect(await names("name.startswith=b")).toEqual(["b"]);
    expect(await names("proxied=false")).toEqual(["c"]);
    expect(await names("search=first")).toEqual(["a"]);
    expect(await names("type=TXT&search=first&match=any&order=name")).toEqual(["a", "c"]);
    expect(await names("order=name&per_page=1&page=2")).toEqual(["b"]);
    expect((await list("per_page=2")).body.result_info).toMatchObject({
      count: 2,
      total_count: 3,
      total_pages: 2,
    });
  });

  it("change all at once or not at all in a batch", async () => {
    const { id } = (await record(A)).result;
    const path = `/zones/${zone}/dns_records/batch`;
    const failed = await call("POST", path, { deletes: [{ id }], posts: [{ ...A, content: "no address" }] });
    expect(codes(failed)).toEqual([9005]);
    expect(cloudflare.edge()[0]?.records).toHaveLength(1);
    const done = await call("POST", path, {
      deletes: [{ id }],
      posts: [{ ...A, type: "CNAME", content: "example.org" }],
    });
    expect(done.result.posts).toMatchObject([{ type: "CNAME", settings: { flatten_cname: false } }]);
    expect(cloudflare.edge()[0]?.records.map(({ type }) => type)).toEqual(["CNAME"]);
  });
});

describe("zone settings", () => {
  const setting = (id: string, value: unknown): Promise<Answer> =>
    call("PATCH", `/zones/${zone}/settings/${id}`, { value });

  it("are read and changed one by one", async () => {
    const before = (await call("GET", `/zones/${zone}/settings/ssl`)).result;
    expect(before).toEqual({ id: "ssl", value: "full", modified_on: null, editable: true });
    const after = (await setting("ssl", "strict")).result;
    expect(after.value).toBe("strict");
    expect(Date.parse(after.modified_on as string)).toBeGreaterThan(0);
    expect(cloudflare.edge()[0]?.settings.ssl).toBe("strict");
  });

  it("are changed together, all or none", async () => {
    const path = `/zones/${zone}/settings`;
    const items = (tls: string): object => ({
      items: [
        { id: "ssl", value: "strict" },
        { id: "min_tls_version", value: tls },
      ],
    });
    expect(codes(await call("PATCH", path, items("0.9")))).toEqual([1007]);
    expect(cloudflare.edge()[0]?.settings.ssl).toBe("full");
    expect((await call("PATCH", path, items("1.2"))).rows).toHaveLength(2);
    expect(cloudflare.edge()[0]?.settings).toMatchObject({ ssl: "strict", min_tls_version: "1.2" });
    const all = (await call("GET", path)).rows;
    expect(all.find(({ id }) => id === "min_tls_version")?.value).toBe("1.2");
  });

  it.each([
    ["ssl", "full_strict", 1007],
    ["always_use_https", true, 1007],
    ["min_tls_version", 1.2, 1007],
    ["no_such_setting", "on", 1006],
    ["polish", "lossy", 1015],
  ])("refuse %s = %s", async (id, value, code) => {
    expect(codes(await setting(id, value))).toEqual([code]);
  });

  it("keep the members of security_header that a change leaves out", async () => {
    await setting("security_header", { strict_transport_security: { enabled: true, max_age: 600 } });
    const { result } = await setting("security_header", { strict_transport_security: { nosniff: true } });
    expect((result.value as Row).strict_transport_security).toEqual({
      enabled: true,
      max_age: 600,
      include_subdomains: false,
      preload: false,
      nosniff: true,
    });
  });
});

describe("DNSSEC", () => {
  it("has a key and a DS once it is on", async () => {
    const path = `/zones/${zone}/dnssec`;
    expect((await call("GET", path)).result).toMatchObject({ status: "disabled", ds: null });
    const on = (await call("PATCH", path, { status: "active" })).result;
    expect(on.ds).toBe(`example.com. 3600 IN DS ${on.key_tag} 13 2 ${on.digest}`);
    expect((await call("GET", path)).result).toEqual(on);
    expect(codes(await call("PATCH", path, { status: "maybe" }))).toEqual([1004]);
  });
});

describe("the Origin CA", () => {
  const hostnames = ["example.com", "*.example.com"];

  it("signs the request's key for the hostnames asked for", async () => {
    const { csr, publicKey } = await newRequest();
    const { result } = await call("POST", "/certificates", {
      csr,
      hostnames,
      request_type: "origin-ecc",
      requested_validity: 7,
    });
    const certificate = new X509Certificate(result.certificate as string);
    const root = new X509Certificate(readFileSync(join(cloudflare.stateDir, "ca", "origin-ca.crt")));
    expect(certificate.verify(root.publicKey)).toBe(true);
    expect(certificate.checkIssued(root)).toBe(true);
    expect(certificate.publicKey.export({ type: "spki", format: "pem" }).toString()).toBe(publicKey);
    expect(certificate.subjectAltName).toBe("DNS:example.com, DNS:*.example.com");
    expect(certificate.subject).toContain("CN=CloudFlare Origin Certificate");
    expect(BigInt(`0x${certificate.serialNumber}`).toString()).toBe(result.id);
    expect(Math.round((Date.parse(certificate.validTo) - Date.now()) / 86_400_000)).toBe(7);
    expect(result).toMatchObject({ hostnames, request_type: "origin-ecc", requested_validity: 7 });
    expect(result.expires_on).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC$/);
  });

  it("lists by zone, reads by serial number, and forgets what is revoked", async () => {
    const { csr } = await newRequest();
    const { id } = (await call("POST", "/certificates", { csr, hostnames, request_type: "origin-rsa" }))
      .result;
    expect(codes(await call("GET", "/certificates"))).toEqual([1012]);
    expect((await call("GET", `/certificates?zone_id=${zone}`)).rows.map((one) => one.id)).toEqual([id]);
    expect((await call("GET", `/certificates/${id}`)).result.requested_validity).toBe(5475);
    expect((await call("DELETE", `/certificates/${id}`)).result.id).toBe(id);
    expect((await call("GET", `/certificates/${id}`)).status).toBe(404);
  });

  it("refuses other people's hostnames, wrong terms and what is no request", async () => {
    const { csr } = await newRequest();
    const good = { csr, hostnames, request_type: "origin-rsa" };
    const code = async (body: object): Promise<number[]> =>
      codes(await call("POST", "/certificates", { ...good, ...body }));
    expect(await code({ hostnames: ["example.org"] })).toEqual([1010]);
    expect(await code({ hostnames: ["badexample.com"] })).toEqual([1010]);
    expect(await code({ hostnames: ["*.*.example.com"] })).toEqual([1010]);
    expect(await code({ hostnames: [] })).toEqual([1009]);
    expect(await code({ requested_validity: 8 })).toEqual([1004]);
    expect(await code({ request_type: "origin-dsa" })).toEqual([1005]);
    const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
      type: "pkcs8",
      format: "pem",
    });
    expect(await code({ csr: key })).toEqual([1003]);
    expect(await code({ csr: "nonsense" })).toEqual([1003]);
  });
});

describe("a restart", () => {
  it("changes nothing", async () => {
    await record({ type: "A", name: "www", content: "203.0.113.7", ttl: 1, proxied: true });
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
