import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { codes, startCloudflare, type Answer, type TestCloudflare } from "../support/cloudflare";

let cloudflare: TestCloudflare;
let zone: string;

const call: TestCloudflare["call"] = (...request) => cloudflare.call(...request);
const record = (body: object): Promise<Answer> => call("POST", `/zones/${zone}/dns_records`, body);

beforeEach(async () => {
  cloudflare = await startCloudflare();
  zone = await cloudflare.zoneId();
});

afterEach(() => cloudflare.remove());

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
