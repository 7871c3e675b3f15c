import { X509Certificate } from "node:crypto";
import { rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Client, retryDelay } from "../../local-cloud/plugins/cloudflare/client";
import { dnsRecord } from "../../local-cloud/plugins/cloudflare/dns-record";
import {
  getIpRanges,
  getZone,
  getZones,
  getZoneSetting,
} from "../../local-cloud/plugins/cloudflare/functions";
import { fromApi, toApi } from "../../local-cloud/plugins/cloudflare/names";
import { originCaCertificate } from "../../local-cloud/plugins/cloudflare/origin-ca-certificate";
import { checkConfig, CONFIG, configure } from "../../local-cloud/plugins/cloudflare/provider-config";
import * as tables from "../../local-cloud/plugins/cloudflare/tables";
import { zone } from "../../local-cloud/plugins/cloudflare/zone";
import { zoneDnssec } from "../../local-cloud/plugins/cloudflare/zone-dnssec";
import { zoneSetting } from "../../local-cloud/plugins/cloudflare/zone-setting";
import {
  checkResource,
  diffResource,
  previewOutputs,
  readResource,
  type AnyResource,
} from "../../local-cloud/plugins/lib/lifecycle";
import { plain, UNKNOWN } from "../../local-cloud/plugins/lib/values";
import { newRequest, startCloudflare, type TestCloudflare } from "../support/cloudflare";
import { recordedContext } from "../support/plugin-context";
import { inputDifferences } from "../support/published-inputs";

const context = recordedContext();

describe("tables", () => {
  it.each([
    ["dnsRecord.d.ts", "DnsRecordArgs", tables.DNS_RECORD.inputs],
    ["originCaCertificate.d.ts", "OriginCaCertificateArgs", tables.ORIGIN_CA_CERTIFICATE.inputs],
    ["zone.d.ts", "ZoneArgs", tables.ZONE.inputs],
    ["zoneDnssec.d.ts", "ZoneDnssecArgs", tables.ZONE_DNSSEC.inputs],
    ["zoneSetting.d.ts", "ZoneSettingArgs", tables.ZONE_SETTING.inputs],
    ["getIpRanges.d.ts", "GetIpRangesArgs", tables.GET_IP_RANGES.inputs],
    ["getZone.d.ts", "GetZoneArgs", tables.GET_ZONE.inputs],
    ["getZones.d.ts", "GetZonesArgs", tables.GET_ZONES.inputs],
    ["getZoneSetting.d.ts", "GetZoneSettingArgs", tables.GET_ZONE_SETTING.inputs],
    ["provider.d.ts", "ProviderArgs", CONFIG],
  ])("have exactly the inputs of %s", (file, name, table) => {
    expect(inputDifferences("@pulumi/cloudflare", file, name, table)).toEqual([]);
  });
});

describe("names", () => {
  it("go to the API's spelling and back", () => {
    const ours = { zoneId: "z", settings: { ipv4Only: true, flattenCname: false }, ipv6Cidrs: ["a"] };
    const theirs = { zone_id: "z", settings: { ipv4_only: true, flatten_cname: false }, ipv6_cidrs: ["a"] };
    expect(toApi(ours)).toEqual(theirs);
    expect(fromApi(theirs)).toEqual(ours);
    expect(fromApi({ comment: null, data: { flags: 0, tag: null } })).toEqual({ data: { flags: 0 } });
  });
});

describe("configuration", () => {
  const reasons = (config: object): string[] => checkConfig(config).map(({ reason }) => reason);

  it("is refused with the field's name and without its value", () => {
    expect(reasons({ apiToken: "shh", apiKey: "hush" })).toEqual([
      "cloudflare:apiToken: must be 40 to 80 of a-z, A-Z, 0-9, - and _",
      "cloudflare:apiKey: must be 37 to 60 of a-z, A-Z, 0-9, - and _",
      "cloudflare:email: must be set together with apiKey",
    ]);
    expect(checkConfig({ apiToken: "shh" })[0]?.property).toBe("");
    expect(reasons({ apiToken: "x".repeat(40) })).toEqual([]);
  });

  it("falls back to the environment", () => {
    vi.stubEnv("CLOUDFLARE_API_TOKEN", "shh");
    expect(reasons({})).toHaveLength(1);
    expect(reasons({ apiToken: "x".repeat(40) })).toEqual([]);
    vi.unstubAllEnvs();
  });
});

describe("resources", () => {
  let cloudflare: TestCloudflare;
  let zoneId: string;

  beforeEach(async () => {
    cloudflare = await startCloudflare();
    configure({ apiToken: cloudflare.token, baseUrl: await cloudflare.listen() });
    zoneId = String((await getZone.invoke({ filter: { name: "example.com" } }, context)).zoneId);
  });

  afterEach(async () => {
    await cloudflare.app.close();
    rmSync(cloudflare.stateDir, { recursive: true, force: true });
  });

  /** Paths of the changes that the engine is told of. */
  function changes(type: unknown, id: string, state: object, olds: object, news: object): string[] {
    const found = diffResource(
      type as AnyResource,
      id,
      state as Record<string, unknown>,
      olds as Record<string, unknown>,
      news as Record<string, unknown>,
      [],
    );
    return found.map(({ path, replaces }) => (replaces ? `${path} replaces` : path));
  }

  describe("DnsRecord", () => {
    const A = { name: "www.example.com", type: "A", content: "203.0.113.7", ttl: 1, proxied: true };

    it("lives through create, read, update and delete", async () => {
      const inputs = { ...A, zoneId, comment: "web" };
      const { id, outputs } = await dnsRecord.create(inputs, context);
      expect(outputs).toMatchObject({ ...inputs, proxiable: true, meta: "{}", tags: [] });
      expect(Date.parse(outputs.createdOn ?? "")).toBeGreaterThan(0);

      const read = await dnsRecord.read?.(id, outputs, context);
      expect(read?.outputs).toMatchObject(inputs);
      expect(changes(dnsRecord, id, read?.outputs ?? {}, inputs, inputs)).toEqual([]);

      const news = { ...inputs, content: "203.0.113.8", comment: undefined };
      const updated = await dnsRecord.update?.(id, outputs, news, context, inputs);
      expect(updated?.content).toBe("203.0.113.8");
      expect(cloudflare.edge()[0]?.records[0]?.content).toBe("203.0.113.8");
      expect((await dnsRecord.read?.(id, outputs, context))?.outputs.comment).toBeUndefined();

      await dnsRecord.delete?.(id, outputs, context);
      expect(await dnsRecord.read?.(id, outputs, context)).toBeUndefined();
      await expect(dnsRecord.delete?.(id, outputs, context)).rejects.toThrow(/404 Not Found .*81044/);
    });

    it("is read the same by the engine after a refresh, when its name is the full one", async () => {
      const inputs = { ...A, zoneId };
      const { id, outputs } = await dnsRecord.create(inputs, context);
      const read = await readResource(
        dnsRecord as unknown as AnyResource,
        id,
        inputs,
        { ...outputs },
        context,
      );
      expect(read?.inputs).toEqual(inputs);
      expect(plain(read?.outputs)).toEqual(outputs);
    });

    it("with a short name keeps it until a refresh, and takes its full one for the same then", async () => {
      const inputs = { ...A, zoneId, name: "www.app" };
      const { id, outputs } = await dnsRecord.create(inputs, context);
      expect(outputs.name).toBe("www.app");
      const read = await dnsRecord.read?.(id, outputs, context);
      expect(read?.outputs.name).toBe("www.app.example.com");
      const olds = { ...inputs, name: "www.app.example.com" };
      expect(changes(dnsRecord, id, read?.outputs ?? {}, olds, inputs)).toEqual([]);
      expect(changes(dnsRecord, id, read?.outputs ?? {}, olds, { ...inputs, name: "www" })).toEqual(["name"]);
    });

    it("is replaced for a new type or zone, updated otherwise", async () => {
      const inputs = { ...A, zoneId };
      const { id, outputs } = await dnsRecord.create(inputs, context);
      const change = (news: object): string[] =>
        changes(dnsRecord, id, outputs, inputs, { ...inputs, ...news });
      expect(change({ type: "AAAA" })).toEqual(["type replaces"]);
      expect(change({ zoneId: "other" })).toEqual(["zoneId replaces"]);
      expect(change({ name: "api.example.com", content: "203.0.113.9", ttl: 60 })).toEqual([
        "name",
        "content",
        "ttl",
      ]);
      expect(change({ tags: [], settings: {} })).toEqual([]);
      expect(change({ tags: ["a:b"] })).toEqual(["tags"]);
    });

    it("does not mind the case of an alias's target", async () => {
      const inputs = { ...A, zoneId, type: "CNAME", name: "alias.example.com", content: "Example.com" };
      const { id, outputs } = await dnsRecord.create(inputs, context);
      expect(outputs.settings).toEqual({ flattenCname: false, ipv4Only: false, ipv6Only: false });
      expect(changes(dnsRecord, id, outputs, inputs, { ...inputs, content: "example.COM" })).toEqual([]);
    });

    it("takes its data as the API does", async () => {
      const inputs = {
        zoneId,
        name: "example.com",
        type: "CAA",
        ttl: 300,
        data: { flags: 0, tag: "issue", value: "pki.goog" },
      };
      const { id, outputs } = await dnsRecord.create(inputs, context);
      expect(outputs).toMatchObject({ content: '0 issue "pki.goog"', proxied: false });
      expect((await dnsRecord.read?.(id, outputs, context))?.outputs.data).toEqual(inputs.data);
    });

    it("refuses what the published plugin refuses", async () => {
      const wrong = { ...A, zoneId, type: "SPAM", data: {}, priority: 70_000, proxy: true };
      const failures = (news: Record<string, unknown>): string[] =>
        checkResource(dnsRecord as unknown as AnyResource, {}, news, "www").failures.map(
          ({ property }) => property,
        );
      expect(failures(wrong)).toEqual(["proxy"]);
      const { proxy: _, ...known } = wrong;
      expect(failures(known)).toEqual(["type", "content", "priority"]);
      await expect(dnsRecord.create({ ...A, zoneId, ttl: 300 }, context)).rejects.toThrow(
        "ttl must be set to 1 when `proxied` is true",
      );
      expect(cloudflare.edge()[0]?.records).toEqual([]);
    });

    it("says in a preview what it can know", () => {
      const { content: _, ...rest } = A;
      const known = plain(
        previewOutputs(dnsRecord as unknown as AnyResource, { ...rest, zoneId, proxied: undefined }),
      ) as Record<string, unknown>;
      expect(known).toMatchObject({ name: A.name, proxied: false, content: UNKNOWN, modifiedOn: UNKNOWN });
    });

    it("is imported by zone and record", async () => {
      const { id, outputs } = await dnsRecord.create({ ...A, zoneId }, context);
      const found = await dnsRecord.read?.(`${zoneId}/${id}`, {}, context);
      expect(found).toMatchObject({ id, outputs: { ...A, zoneId, createdOn: outputs.createdOn } });
    });
  });

  describe("ZoneSetting", () => {
    it("is patched, read back under its own id, and left alone when deleted", async () => {
      const inputs = { zoneId, settingId: "ssl", value: "strict" };
      const { id, outputs } = await zoneSetting.create(inputs, context);
      expect([id, outputs.value, outputs.editable]).toEqual(["ssl", "strict", true]);
      expect((await zoneSetting.read?.(id, outputs, context))?.outputs).toEqual(outputs);
      await zoneSetting.update?.(id, outputs, { ...inputs, value: "full" }, context, inputs);
      expect(cloudflare.edge()[0]?.settings.ssl).toBe("full");
      expect(zoneSetting.delete).toBeUndefined();
      expect(changes(zoneSetting, id, outputs, inputs, { ...inputs, settingId: "http3" })).toEqual([
        "settingId replaces",
      ]);
    });

    it("keeps the spelling of a value's members", async () => {
      const strict_transport_security = {
        enabled: true,
        max_age: 600,
        include_subdomains: true,
        preload: false,
        nosniff: true,
      };
      const inputs = { zoneId, settingId: "security_header", value: { strict_transport_security } };
      const { id, outputs } = await zoneSetting.create(inputs, context);
      expect((await zoneSetting.read?.(id, outputs, context))?.outputs.value).toEqual(inputs.value);
    });
  });

  describe("OriginCaCertificate", () => {
    it("is signed, read the same, and revoked", async () => {
      const inputs = {
        csr: (await newRequest()).csr,
        hostnames: ["example.com", "*.example.com"],
        requestType: "origin-ecc",
      };
      const { id, outputs } = await originCaCertificate.create(inputs, context);
      expect(outputs.requestedValidity).toBe(5475);
      expect(new X509Certificate(outputs.certificate ?? "").subjectAltName).toBe(
        "DNS:example.com, DNS:*.example.com",
      );
      expect((await originCaCertificate.read?.(id, outputs, context))?.outputs).toEqual(outputs);
      await originCaCertificate.delete?.(id, outputs, context);
      expect(await originCaCertificate.read?.(id, outputs, context)).toBeUndefined();
    });

    it("is replaced for everything but a validity that says the same", async () => {
      const inputs = { csr: "csr", hostnames: ["example.com"], requestType: "origin-rsa" };
      const state = { ...inputs, requestedValidity: 5475 };
      const change = (news: object): string[] =>
        changes(originCaCertificate, "1", state, inputs, { ...inputs, ...news });
      expect(change({ requestedValidity: 5475 })).toEqual([]);
      expect(change({ requestedValidity: 90 })).toEqual(["requestedValidity replaces"]);
      expect(change({ hostnames: ["example.com", "www.example.com"] })).toEqual(["hostnames[1] replaces"]);
      expect(change({ csr: "other" })).toEqual(["csr replaces"]);
    });
  });

  describe("Zone and ZoneDnssec", () => {
    it("live through create, read, update and delete", async () => {
      const { account } = await getZone.invoke({ zoneId }, context);
      const inputs = { name: "second.org", account: { id: (account as { id: string }).id } };
      const { id, outputs } = await zone.create(inputs, context);
      expect(outputs).toMatchObject({ ...inputs, type: "full", paused: false, status: "pending" });
      expect((await zone.read?.(id, outputs, context))?.outputs).toMatchObject(inputs);
      const paused = await zone.update?.(id, outputs, { ...inputs, paused: true }, context, inputs);
      expect(paused?.paused).toBe(true);

      const dnssec = await zoneDnssec.create({ zoneId: id, status: "active" }, context);
      expect(dnssec.id).toBe(id);
      expect((await zoneDnssec.read?.(id, dnssec.outputs, context))?.outputs).toMatchObject(dnssec.outputs);
      await zoneDnssec.delete?.(id, dnssec.outputs, context);
      expect((await zoneDnssec.read?.(id, {}, context))?.outputs.status).toBe("disabled");

      await zone.delete?.(id, outputs, context);
      expect(await zone.read?.(id, outputs, context)).toBeUndefined();
    });
  });

  describe("functions", () => {
    it("find one zone, or say how many there are", async () => {
      expect(await getZone.invoke({ zoneId }, context)).toMatchObject({
        id: zoneId,
        zoneId,
        name: "example.com",
        status: "active",
      });
      await expect(getZone.invoke({ filter: { name: "other.org" } }, context)).rejects.toThrow(
        "exactly one result: 0 found",
      );
      await expect(getZone.invoke({}, context)).rejects.toThrow(/zone ID/);
      const { results } = await getZones.invoke({ name: "example.com" }, context);
      expect(results).toMatchObject([{ id: zoneId, nameServers: expect.any(Array) as unknown }]);
    });

    it("read the edge's ranges and a setting", async () => {
      expect(await getIpRanges.invoke({}, context)).toMatchObject({
        ipv4Cidrs: ["100.65.0.0/24"],
        jdcloudCidrs: [],
      });
      expect(await getZoneSetting.invoke({ settingId: "ssl", zoneId }, context)).toMatchObject({
        id: "ssl",
        value: "full",
      });
    });
  });
});

describe("the client", () => {
  let server: Server;
  let seen: string[];

  async function serve(answer: RequestListener): Promise<Client> {
    seen = [];
    server = createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return new Client({ baseUrl: `http://127.0.0.1:${port}/client/v4/`, apiToken: "t".repeat(40) });
  }

  afterEach(() => void server.close());

  it.each([408, 409, 429, 500, 502, 503])("tries again after %i", async (status) => {
    const client = await serve((_request, response) => {
      response
        .writeHead(seen.length < 3 ? status : 200, { "retry-after-ms": "1" })
        .end('{"result":{"id":"x"}}');
    });
    expect(await client.result({ method: "GET", path: "zones" })).toEqual({ id: "x" });
    expect(seen).toEqual(Array.from({ length: 3 }, () => "GET /client/v4/zones"));
  });

  it("tries again after a lost reply, eleven times in all", async () => {
    const client = await serve((_request, response) =>
      response.writeHead(503, { "retry-after-ms": "1" }).end("{}"),
    );
    await expect(client.result({ method: "GET", path: "zones" })).rejects.toThrow(/503/);
    expect(seen).toHaveLength(11);
  });

  it.each([400, 403, 404, 422])(
    "gives up at once on %i, on one line and without the token",
    async (status) => {
      const client = await serve((request, response) =>
        response.writeHead(status).end(`{"errors":\n[{"message":"${request.headers.authorization}"}]}`),
      );
      const failed = client.result({ method: "POST", path: "zones", body: {} });
      await expect(failed).rejects.toThrow(
        /^failed to make http request: POST "http.*\/client\/v4\/zones": \d+ [\w ]+ \{.*\[secret\].*\}$/,
      );
      expect(seen).toHaveLength(1);
    },
  );

  it("does what x-should-retry says", async () => {
    const client = await serve((_request, response) =>
      response.writeHead(500, { "x-should-retry": "false" }).end("{}"),
    );
    await expect(client.result({ method: "GET", path: "zones" })).rejects.toThrow(/500/);
    expect(seen).toHaveLength(1);
  });

  it("ends when it is cancelled, also while it waits", async () => {
    const client = await serve((_request, response) => response.writeHead(500).end("{}"));
    const abort = new AbortController();
    const failed = client.result({ method: "GET", path: "zones", signal: abort.signal });
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    abort.abort();
    await expect(failed).rejects.toThrow(/abort/i);
  });

  it("waits as long as the server says, or two seconds and twice as long each time", () => {
    expect(retryDelay(new Headers({ "retry-after": "3" }), 0, 0)).toBe(3000);
    expect(retryDelay(new Headers({ "retry-after-ms": "40", "retry-after": "3" }), 0, 0)).toBe(40);
    expect(retryDelay(new Headers({ "retry-after": "120" }), 0, 0)).toBe(2000);
    expect([0, 1, 2, 3, 4, 5].map((tries) => retryDelay(undefined, tries, 0))).toEqual([
      2000, 4000, 8000, 16_000, 30_000, 30_000,
    ]);
    expect(retryDelay(undefined, 0, 1)).toBe(1500);
  });
});
