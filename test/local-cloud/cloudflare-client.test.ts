import { generateKeyPairSync } from "node:crypto";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import Cloudflare from "cloudflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloudflare, type TestCloudflare } from "../support/cloudflare";

describe("the official npm client", () => {
  let cloudflare: TestCloudflare;
  let client: Cloudflare;
  let zone_id: string;

  beforeAll(async () => {
    cloudflare = await startCloudflare();
    client = new Cloudflare({ apiToken: cloudflare.token, baseURL: await cloudflare.listen() });
    const zones = await client.zones.list({ name: "example.com" });
    zone_id = zones.result[0]?.id ?? "";
  });

  afterAll(() => cloudflare.remove());

  it("verifies its token and finds its account", async () => {
    expect((await client.user.tokens.verify()).status).toBe("active");
    const { result } = await client.accounts.list();
    expect(result).toHaveLength(1);
    expect((await client.zones.get({ zone_id })).account.id).toBe(result[0]?.id);
  });

  it("walks all pages of the records", async () => {
    for (const name of ["a", "b", "c"]) {
      await client.dns.records.create({ zone_id, type: "A", name, content: "203.0.113.7", ttl: 1 });
    }
    const names: string[] = [];
    for await (const { name } of client.dns.records.list({
      zone_id,
      per_page: 2,
      order: "name",
      name: { contains: "example" },
    })) {
      names.push(name);
    }
    expect(names).toEqual(["a.example.com", "b.example.com", "c.example.com"]);
  });

  it("creates, replaces, edits and deletes a record", async () => {
    const made = await client.dns.records.create({
      zone_id,
      type: "A",
      name: "www",
      content: "203.0.113.7",
      ttl: 1,
      proxied: true,
    });
    expect(made).toMatchObject({ name: "www.example.com", proxied: true });
    const put = await client.dns.records.update(made.id, {
      zone_id,
      type: "A",
      name: "www",
      content: "203.0.113.8",
      ttl: 300,
    });
    expect(put).toMatchObject({ content: "203.0.113.8", proxied: false, ttl: 300 });
    await client.dns.records.edit(made.id, { zone_id, type: "A", name: "www", ttl: 1, comment: "edited" });
    expect(await client.dns.records.get(made.id, { zone_id })).toMatchObject({
      content: "203.0.113.8",
      comment: "edited",
    });
    expect((await client.dns.records.delete(made.id, { zone_id })).id).toBe(made.id);
    await expect(client.dns.records.get(made.id, { zone_id })).rejects.toBeInstanceOf(
      Cloudflare.NotFoundError,
    );
  });

  it("gets the API's own error", async () => {
    const wrong = client.dns.records.create({ zone_id, type: "A", name: "x", content: "nonsense", ttl: 1 });
    await expect(wrong).rejects.toMatchObject({
      status: 400,
      errors: [{ code: 9005, message: "Content for A record must be a valid IPv4 address." }],
    });
  });

  it("changes settings and reads the edge's ranges", async () => {
    await client.zones.settings.edit("ssl", { zone_id, value: "strict" });
    expect(await client.zones.settings.get("ssl", { zone_id })).toMatchObject({ id: "ssl", value: "strict" });
    expect(await client.ips.list()).toMatchObject({ ipv4_cidrs: ["100.65.0.0/24"] });
  });

  it("gets a certificate for a request that OpenSSL made", async () => {
    const key = join(cloudflare.stateDir, "key.pem");
    writeFileSync(
      key,
      generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" }),
    );
    const csr = execFileSync("openssl", ["req", "-new", "-key", key, "-subj", "/CN=example.com"], {
      encoding: "utf8",
    });
    const made = await client.originCACertificates.create({
      csr,
      hostnames: ["example.com"],
      request_type: "origin-rsa",
      requested_validity: 90,
    });
    const file = join(cloudflare.stateDir, "certificate.pem");
    writeFileSync(file, made.certificate ?? "");
    const root = join(cloudflare.stateDir, "ca", "origin-ca.crt");
    expect(
      execFileSync("openssl", ["verify", "-x509_strict", "-CAfile", root, file], { encoding: "utf8" }),
    ).toContain("OK");
    expect((await client.originCACertificates.get(made.id ?? "")).hostnames).toEqual(["example.com"]);
    await client.originCACertificates.delete(made.id ?? "");
    await expect(client.originCACertificates.get(made.id ?? "")).rejects.toBeInstanceOf(
      Cloudflare.NotFoundError,
    );
  });

  it("gets over a short 500 by itself", async () => {
    const payload = { method: "GET", path: "/zones$", status: 500, times: 2 };
    await cloudflare.app.inject({ method: "POST", url: "/_control/cloudflare/faults", payload });
    expect((await client.zones.list({ name: "example.com" })).result).toHaveLength(1);
  });

  it("is refused with a wrong token", async () => {
    const stranger = new Cloudflare({ apiToken: "x".repeat(40), baseURL: client.baseURL });
    await expect(stranger.zones.list()).rejects.toBeInstanceOf(Cloudflare.PermissionDeniedError);
  });
});
