import { X509Certificate } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { dnsRecord } from "../../local-cloud/plugins/cloudflare/dns-record";
import { getZone } from "../../local-cloud/plugins/cloudflare/functions";
import { fromApi, toApi } from "../../local-cloud/plugins/cloudflare/names";
import { originCaCertificate } from "../../local-cloud/plugins/cloudflare/origin-ca-certificate";
import { checkConfig, CONFIG, configure } from "../../local-cloud/plugins/cloudflare/provider-config";
import * as edgeTables from "../../local-cloud/plugins/cloudflare/edge-tables";
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
const record = dnsRecord as Required<typeof dnsRecord>;
const setting = zoneSetting as Required<typeof zoneSetting>;
const certificate = originCaCertificate as Required<typeof originCaCertificate>;
const zoneType = zone as Required<typeof zone>;
const dnssecType = zoneDnssec as Required<typeof zoneDnssec>;

describe("tables", () => {
  it.each([
    ["dnsRecord.d.ts", "DnsRecordArgs", tables.DNS_RECORD.inputs],
    ["originCaCertificate.d.ts", "OriginCaCertificateArgs", tables.ORIGIN_CA_CERTIFICATE.inputs],
    ["zone.d.ts", "ZoneArgs", tables.ZONE.inputs],
    ["zoneDnssec.d.ts", "ZoneDnssecArgs", tables.ZONE_DNSSEC.inputs],
    ["zoneSetting.d.ts", "ZoneSettingArgs", tables.ZONE_SETTING.inputs],
    ["healthcheck.d.ts", "HealthcheckArgs", edgeTables.HEALTHCHECK.inputs],
    ["notificationPolicy.d.ts", "NotificationPolicyArgs", edgeTables.NOTIFICATION_POLICY.inputs],
    [
      "notificationPolicyWebhooks.d.ts",
      "NotificationPolicyWebhooksArgs",
      edgeTables.NOTIFICATION_POLICY_WEBHOOKS.inputs,
    ],
    ["ruleset.d.ts", "RulesetArgs", edgeTables.RULESET.inputs],
    ["turnstileWidget.d.ts", "TurnstileWidgetArgs", edgeTables.TURNSTILE_WIDGET.inputs],
    ["getRulesets.d.ts", "GetRulesetsArgs", edgeTables.GET_RULESETS.inputs],
    ["getDnsRecords.d.ts", "GetDnsRecordsArgs", tables.GET_DNS_RECORDS.inputs],
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

  afterEach(() => cloudflare.remove());

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
      const { id, outputs } = await record.create(inputs, context);
      expect(outputs).toMatchObject({ ...inputs, proxiable: true, meta: "{}", tags: [] });
      expect(Date.parse(outputs.createdOn ?? "")).toBeGreaterThan(0);

      const read = await record.read(id, outputs, context);
      expect(read?.outputs).toMatchObject(inputs);
      expect(changes(dnsRecord, id, read?.outputs ?? {}, inputs, inputs)).toEqual([]);

      const news = { ...inputs, content: "203.0.113.8", comment: undefined };
      const updated = await record.update(id, outputs, news, context, inputs);
      expect(updated.content).toBe("203.0.113.8");
      expect(cloudflare.edge()[0]?.records[0]?.content).toBe("203.0.113.8");
      expect((await record.read(id, outputs, context))?.outputs.comment).toBeUndefined();

      await record.delete(id, outputs, context);
      expect(await record.read(id, outputs, context)).toBeUndefined();
      await expect(record.delete(id, outputs, context)).rejects.toThrow(/404 Not Found .*81044/);
    });

    it("is read the same by the engine after a refresh, when its name is the full one", async () => {
      const inputs = { ...A, zoneId };
      const { id, outputs } = await record.create(inputs, context);
      const read = await readResource(dnsRecord, id, inputs, { ...outputs }, context);
      expect(read?.inputs).toEqual(inputs);
      expect(plain(read?.outputs)).toEqual(outputs);
    });

    it("with a short name keeps it until a refresh, and takes its full one for the same then", async () => {
      const inputs = { ...A, zoneId, name: "www.app" };
      const { id, outputs } = await record.create(inputs, context);
      expect(outputs.name).toBe("www.app");
      const read = await record.read(id, outputs, context);
      expect(read?.outputs.name).toBe("www.app.example.com");
      const olds = { ...inputs, name: "www.app.example.com" };
      expect(changes(dnsRecord, id, read?.outputs ?? {}, olds, inputs)).toEqual([]);
      expect(changes(dnsRecord, id, read?.outputs ?? {}, olds, { ...inputs, name: "www" })).toEqual(["name"]);
    });

    it("is replaced for a new type or zone, updated otherwise", async () => {
      const inputs = { ...A, zoneId };
      const { id, outputs } = await record.create(inputs, context);
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
      const { id, outputs } = await record.create(inputs, context);
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
      const { id, outputs } = await record.create(inputs, context);
      expect(outputs).toMatchObject({ content: '0 issue "pki.goog"', proxied: false });
      expect((await record.read(id, outputs, context))?.outputs.data).toEqual(inputs.data);
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
      await expect(record.create({ ...A, zoneId, ttl: 300 }, context)).rejects.toThrow(
        "ttl must be set to 1 when `proxied` is true",
      );
      expect(cloudflare.edge()[0]?.records).toEqual([]);
    });

    it("says in a preview what it can know", () => {
      const { content: _, ...rest } = A;
      const known = plain(previewOutputs(dnsRecord, { ...rest, zoneId, proxied: undefined })) as Record<
        string,
        unknown
      >;
      expect(known).toMatchObject({ name: A.name, proxied: false, content: UNKNOWN, modifiedOn: UNKNOWN });
    });

    it("is imported by zone and record", async () => {
      const { id, outputs } = await record.create({ ...A, zoneId }, context);
      const found = await record.read(`${zoneId}/${id}`, {}, context);
      expect(found).toMatchObject({ id, outputs: { ...A, zoneId, createdOn: outputs.createdOn } });
    });
  });

  describe("ZoneSetting", () => {
    it("is patched, read back under its own id, and left alone when deleted", async () => {
      const inputs = { zoneId, settingId: "ssl", value: "strict" };
      const { id, outputs } = await setting.create(inputs, context);
      expect([id, outputs.value, outputs.editable]).toEqual(["ssl", "strict", true]);
      expect((await setting.read(id, outputs, context))?.outputs).toEqual(outputs);
      await setting.update(id, outputs, { ...inputs, value: "full" }, context, inputs);
      expect(cloudflare.edge()[0]?.settings.ssl).toBe("full");
      expect(Object.keys(zoneSetting)).not.toContain("delete");
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
      const { id, outputs } = await setting.create(inputs, context);
      expect((await setting.read(id, outputs, context))?.outputs.value).toEqual(inputs.value);
    });
  });

  describe("OriginCaCertificate", () => {
    it("is signed, read the same, and revoked", async () => {
      const inputs = {
        csr: (await newRequest()).csr,
        hostnames: ["example.com", "*.example.com"],
        requestType: "origin-ecc",
      };
      const { id, outputs } = await certificate.create(inputs, context);
      expect(outputs.requestedValidity).toBe(5475);
      expect(new X509Certificate(outputs.certificate ?? "").subjectAltName).toBe(
        "DNS:example.com, DNS:*.example.com",
      );
      expect((await certificate.read(id, outputs, context))?.outputs).toEqual(outputs);
      await certificate.delete(id, outputs, context);
      expect(await certificate.read(id, outputs, context)).toBeUndefined();
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
      const { id, outputs } = await zoneType.create(inputs, context);
      expect(outputs).toMatchObject({ ...inputs, type: "full", paused: false, status: "pending" });
      expect((await zoneType.read(id, outputs, context))?.outputs).toMatchObject(inputs);
      const paused = await zoneType.update(id, outputs, { ...inputs, paused: true }, context, inputs);
      expect(paused.paused).toBe(true);

      const dnssec = await dnssecType.create({ zoneId: id, status: "active" }, context);
      expect(dnssec.id).toBe(id);
      expect((await dnssecType.read(id, dnssec.outputs, context))?.outputs).toMatchObject(dnssec.outputs);
      await dnssecType.delete(id, dnssec.outputs, context);
      expect((await dnssecType.read(id, {}, context))?.outputs.status).toBe("disabled");

      await zoneType.delete(id, outputs, context);
      expect(await zoneType.read(id, outputs, context)).toBeUndefined();
    });
  });
});
