import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  codes,
  newRequest,
  startCloudflare,
  type Answer,
  type Row,
  type TestCloudflare,
} from "../support/cloudflare";

let cloudflare: TestCloudflare;
let zone: string;

const call: TestCloudflare["call"] = (...request) => cloudflare.call(...request);

beforeEach(async () => {
  cloudflare = await startCloudflare();
  zone = await cloudflare.zoneId();
});

afterEach(() => cloudflare.remove());

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
    expect(on.ds).toBe(`example.com. 3600 IN DS ${String(on.key_tag)} 13 2 ${String(on.digest)}`);
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
