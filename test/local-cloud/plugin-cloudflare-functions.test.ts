import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dnsRecord } from "../../local-cloud/plugins/cloudflare/dns-record";
import {
  getDnsRecords,
  getIpRanges,
  getZone,
  getZones,
  getZoneSetting,
} from "../../local-cloud/plugins/cloudflare/functions";
import { configure } from "../../local-cloud/plugins/cloudflare/provider-config";
import { startCloudflare, type TestCloudflare } from "../support/cloudflare";
import { recordedContext } from "../support/plugin-context";

const context = recordedContext();
const record = dnsRecord as Required<typeof dnsRecord>;

describe("functions", () => {
  let cloudflare: TestCloudflare;
  let zoneId: string;

  beforeEach(async () => {
    cloudflare = await startCloudflare();
    configure({ apiToken: cloudflare.token, baseUrl: await cloudflare.listen() });
    zoneId = await cloudflare.zoneId();
  });

  afterEach(() => cloudflare.remove());

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

  it("list the records that pass every filter, nested ones too", async () => {
    const settings = { proxied: true, ttl: 1, zoneId };
    await record.create({ ...settings, name: "example.com", type: "A", content: "203.0.113.7" }, context);
    await record.create(
      { ...settings, name: "blog.example.com", type: "CNAME", content: "example.com", comment: "theirs" },
      context,
    );
    await record.create({ name: "example.com", type: "TXT", content: '"v"', ttl: 300, zoneId }, context);
    const names = async (filter: object): Promise<unknown[]> => {
      const { results } = await getDnsRecords.invoke({ zoneId, ...filter }, context);
      return (results as { name: string; type: string }[]).map(({ name, type }) => `${type} ${name}`).sort();
    };

    expect(await names({})).toEqual(["A example.com", "CNAME blog.example.com", "TXT example.com"]);
    expect(await names({ proxied: true })).toEqual(["A example.com", "CNAME blog.example.com"]);
    expect(await names({ proxied: false })).toEqual(["TXT example.com"]);
    expect(await names({ type: "A" })).toEqual(["A example.com"]);
    expect(await names({ name: { startswith: "blog." } })).toEqual(["CNAME blog.example.com"]);
    expect(await names({ comment: { absent: "yes" }, proxied: true })).toEqual(["A example.com"]);
    expect(await names({ type: "TXT", name: { exact: "blog.example.com" } })).toEqual([]);
  });

  it("tell of a record what the resource tells, and of the filter only what was asked", async () => {
    const inputs = { name: "www.example.com", type: "A", content: "203.0.113.7", proxied: true, ttl: 1 };
    const { id, outputs } = await record.create({ ...inputs, zoneId }, context);

    const answer = await getDnsRecords.invoke({ zoneId, proxied: true }, context);

    const { createdOn, modifiedOn, meta } = outputs;
    expect(answer).toEqual({
      ...{ zoneId, proxied: true },
      results: [{ ...inputs, id, createdOn, modifiedOn, meta, proxiable: true, settings: {}, tags: [] }],
    });
  });

  it("read as many pages of records as there are, up to maxItems", async () => {
    for (let at = 0; at < 101; at++) {
      const row = { name: `n${at}`, type: "A", content: "203.0.113.7", proxied: true };
      expect((await cloudflare.call("POST", `/zones/${zoneId}/dns_records`, row)).status).toBe(200);
    }
    const count = async (filter: object): Promise<number> => {
      const { results } = await getDnsRecords.invoke({ zoneId, ...filter }, context);
      return new Set((results as { name: string }[]).map(({ name }) => name)).size;
    };

    expect(await count({})).toBe(101);
    expect(await count({ maxItems: 3 })).toBe(3);
    expect(await count({ maxItems: 0 })).toBe(101);
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
