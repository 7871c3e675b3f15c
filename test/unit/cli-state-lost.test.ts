import { describe, expect, it } from "vitest";
import type { CloudflareApi } from "../../cli/cloudflare";
import type { HetznerApi, HetznerObject } from "../../cli/hetzner";
import {
  declaredBy,
  edgeIdOf,
  hetznerIdOf,
  isRequestOf,
  recordOf,
  withIds,
  type Declared,
} from "../../cli/recovery/import-file";
import { findRemains } from "../../cli/recovery/remains";
import type { System } from "../../components/lib/system";

const SSH_KEY = "hcloud:index/sshKey:SshKey";
const ADDRESS = "hcloud:index/primaryIp:PrimaryIp";
const RECORD = "cloudflare:index/dnsRecord:DnsRecord";

const declared = (type: string, inputs: Declared["inputs"]): Declared => ({ type, name: "it", inputs });
const object = (id: number, name: string, more: Partial<HetznerObject> = {}): HetznerObject => ({
  ...{ id, name, labels: {} },
  ...more,
});

/** A certificate request, as DER has the texts of its subject: tag, length, text. */
function request(...texts: readonly string[]): string {
  const parts = texts.map((text) => Buffer.concat([Buffer.from([0x13, text.length]), Buffer.from(text)]));
  const base64 = Buffer.concat(parts).toString("base64").replaceAll(/.{20}/g, "$&\n");
  return `-----BEGIN CERTIFICATE REQUEST-----\n${base64}\n-----END CERTIFICATE REQUEST-----\n`;
}

describe("what is adopted after a loss of the state", () => {
  it("is what the program would make, and nothing that it only reads or keeps", () => {
    const urn = (name: string): string => `urn:pulumi:prod::homeport::${SSH_KEY}::${name}`;
    const steps = [
      { op: "create", urn: urn("key"), newState: { type: SSH_KEY, inputs: { name: "shop-prod" } } },
      { op: "read", urn: urn("zone"), newState: { type: "x" } },
      { op: "same", urn: urn("kept"), newState: { type: SSH_KEY } },
    ];
    expect(declaredBy({ steps })).toEqual([{ type: SSH_KEY, name: "key", inputs: { name: "shop-prod" } }]);
    expect(declaredBy({})).toEqual([]);
  });

  it("is found by its name among the objects of its kind alone", () => {
    const found = {
      ssh_keys: [object(7, "other"), object(8, "shop-prod")],
      firewalls: [object(9, "shop-prod")],
    };
    expect(hetznerIdOf(declared(SSH_KEY, { name: "shop-prod" }), found)).toBe("8");
    expect(hetznerIdOf(declared(SSH_KEY, { name: "shop" }), found)).toBeUndefined();
    expect(
      hetznerIdOf(declared("hcloud:index/network:Network", { name: "shop-prod" }), found),
    ).toBeUndefined();
  });

  it("is never the server: its keys and its steps were in the state", () => {
    const found = { servers: [object(1, "shop-prod")] };
    const server = declared("hcloud:index/server:Server", { name: "shop-prod" });
    expect(hetznerIdOf(server, found)).toBeUndefined();
  });

  it("is an address only in the location that is declared: an address cannot move", () => {
    const found = { primary_ips: [object(5, "shop-prod-ipv4", { location: { name: "hel1" } })] };
    const at = (location: string): Declared => declared(ADDRESS, { name: "shop-prod-ipv4", location });
    expect(hetznerIdOf(at("hel1"), found)).toBe("5");
    expect(hetznerIdOf(at("nbg1"), found)).toBeUndefined();
  });

  it("is a record of the same name and type with this stack's comment: another's is left alone", () => {
    const ours = { id: "r1", name: "shop.example", type: "A", comment: "Homeport: shop-prod" };
    const theirs = { id: "r2", name: "www.shop.example", type: "A", comment: "Homeport: shop-staging" };
    const wanted = (name: string, type: string): Declared =>
      declared(RECORD, { name, type, comment: "Homeport: shop-prod" });
    expect(recordOf(wanted("shop.example", "A"), [theirs, ours])).toBe(ours);
    expect(recordOf(wanted("shop.example", "CNAME"), [theirs, ours])).toBeUndefined();
    expect(recordOf(wanted("www.shop.example", "A"), [theirs, ours])).toBeUndefined();
  });

  it("is what the edge has by the stack's name; a ruleset by its description too, which says whose it is", () => {
    const type = "cloudflare:index/ruleset:Ruleset";
    const mine = { name: "shop-prod", phase: "http_ratelimit", description: "Homeport: shop-prod" };
    const found = [
      { type, ...mine, description: "", importId: "zones/z/1" },
      { type, ...mine, importId: "zones/z/2" },
      { type: "cloudflare:index/healthcheck:Healthcheck", name: "shop-prod", importId: "z/3" },
    ];
    expect(edgeIdOf(declared(type, mine), found)).toBe("zones/z/2");
    expect(edgeIdOf(declared(type, { ...mine, phase: "other" }), found)).toBeUndefined();
    expect(edgeIdOf(declared("cloudflare:index/healthcheck:Healthcheck", { name: "shop-prod" }), found)).toBe(
      "z/3",
    );
  });

  it("keeps of the engine's file what has an id, and the components around it", () => {
    const file = {
      nameTable: { provider: "urn:p" },
      resources: [
        { type: "homeport:server:Outer", name: "outer", component: true },
        { type: "homeport:server:Server", name: "server", component: true, parent: "outer" },
        { type: "homeport:edge:Dns", name: "dns", component: true },
        { type: ADDRESS, name: "server-ipv4", parent: "server", provider: "provider" },
        { type: RECORD, name: "dns-apex", parent: "dns" },
      ],
    };
    const kept = withIds(file, new Map([[`${ADDRESS} server-ipv4`, "5"]]));
    expect(kept.nameTable).toEqual(file.nameTable);
    expect(kept.resources).toEqual([file.resources[0], file.resources[1], { ...file.resources[3], id: "5" }]);
  });
});

describe("an origin certificate", () => {
  it("is this stack's when its request says Homeport and the whole owner", () => {
    expect(isRequestOf(request("shop.example", "Homeport", "shop-prod"), "shop-prod")).toBe(true);
    expect(isRequestOf(request("shop.example", "Homeport", "shop-prod-2"), "shop-prod")).toBe(false);
    expect(isRequestOf(request("shop.example", "shop-prod"), "shop-prod")).toBe(false);
    expect(isRequestOf("", "shop-prod")).toBe(false);
  });
});

describe("what both APIs still have", () => {
  const system = {
    name: "shop",
    sites: [{ hostname: "@", redirectsFrom: [] }],
    edge: {},
  } as unknown as System;
  const certificate = (id: number, name: string, owner = "shop-prod") => ({
    ...{ id: `c${id}`, hostnames: [name], csr: request("x", "Homeport", owner) },
  });

  function cloudflareWith(answers: Readonly<Record<string, unknown>>): CloudflareApi {
    const get = (path: string): Promise<unknown> => {
      const key = Object.keys(answers).find((each) => path.startsWith(each));
      return Promise.resolve(key === undefined ? [] : answers[key]);
    };
    return { get, remove: () => Promise.reject(new Error("nothing is removed while looking")) };
  }
  const hetzner: HetznerApi = {
    get: (path) =>
      Promise.resolve(
        path.startsWith("/firewalls?label_selector=project%3Dhomeport%2Csystem%3Dshop%2Cstack%3Dprod")
          ? { firewalls: [object(3, "shop-prod")], meta: { pagination: { next_page: null } } }
          : {},
      ),
    remove: () => Promise.reject(new Error("nothing is removed while looking")),
    act: () => Promise.reject(new Error("nothing is ordered while looking")),
  };

  it("is found by label at Hetzner; of the zone's certificates all pages, for the system's names only", async () => {
    const full = Array.from({ length: 50 }, (_, index) => certificate(index, "elsewhere.example"));
    const cloudflare = cloudflareWith({
      "/zones?name=shop.example": [{ id: "z1" }],
      "/certificates?zone_id=z1&page=1&": full,
      "/certificates?zone_id=z1&page=2&": [
        certificate(50, "shop.example"),
        certificate(51, "shop.example", "shop-staging"),
      ],
    });
    const where = { system, stack: "prod", domain: "shop.example" };
    const remains = await findRemains({ hetzner, cloudflare }, where);
    expect(remains.hetzner.firewalls.map(({ id }) => id)).toEqual([3]);
    expect(remains.certificates.map(({ id, isOurs }) => [id, isOurs])).toEqual([
      ["c50", true],
      ["c51", false],
    ]);
  });

  it("counts addresses of the names alone: a mail or a text record is nobody's leftover", async () => {
    const cloudflare = cloudflareWith({
      "/zones?name=shop.example": [{ id: "z1" }],
      "/zones/z1/dns_records?name=shop.example": [
        { id: "r1", name: "shop.example", type: "A", comment: "Homeport: shop-prod" },
        { id: "r2", name: "shop.example", type: "TXT" },
        { id: "r3", name: "shop.example", type: "MX" },
      ],
    });
    const where = { system, stack: "prod", domain: "shop.example" };
    expect((await findRemains({ hetzner, cloudflare }, where)).records.map(({ id }) => id)).toEqual(["r1"]);
  });

  it("finds this stack's own records of mail, and nobody else's", async () => {
    const ours = { comment: "Homeport: shop-prod" };
    const cloudflare = cloudflareWith({
      "/zones?name=shop.example": [{ id: "z1" }],
      "/zones/z1/dns_records?name=shop.example": [
        { id: "spf", name: "shop.example", type: "TXT", ...ours },
        { id: "theirs", name: "shop.example", type: "TXT", comment: "Homeport: other-prod" },
      ],
      "/zones/z1/dns_records?name=_dmarc.shop.example": [
        { id: "dmarc", name: "_dmarc.shop.example", type: "TXT", ...ours },
      ],
      "/zones/z1/dns_records?name=s1._domainkey.shop.example": [
        { id: "dkim", name: "s1._domainkey.shop.example", type: "CNAME", ...ours },
      ],
    });
    const mail = {
      spf: ["-all"],
      dkim: { s1: { cname: "a.example" } },
      dmarc: { policy: "monitor", reports: "" },
    };
    const where = { system: { ...system, mail } as never, stack: "prod", domain: "shop.example" };
    const { records } = await findRemains({ hetzner, cloudflare }, where);
    expect(records.map(({ id }) => id).sort()).toEqual(["dkim", "dmarc", "spf"]);
  });

  it("cannot be known without the zone, and says which token reads it", async () => {
    const where = { system, stack: "prod", domain: "shop.example" };
    await expect(findRemains({ hetzner, cloudflare: cloudflareWith({}) }, where)).rejects.toThrow(
      /no zone shop\.example .*cloudflare:apiToken/,
    );
  });
});
