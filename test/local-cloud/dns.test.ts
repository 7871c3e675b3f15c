import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { connect } from "node:net";
import * as dns from "dns-packet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type InternetConfig, type InternetRecord } from "../../local-cloud/internet/config";
import { NAME_SERVERS, reverseName } from "../../local-cloud/internet/dns/answer";
import { upstreamResolver } from "../../local-cloud/internet/upstream";
import { type DnsServer, startDns } from "../../local-cloud/internet/dns/server";

const record = (
  name: string,
  type: string,
  content: string,
  more: Partial<InternetRecord> = {},
): InternetRecord => ({
  name,
  type,
  content,
  proxied: false,
  ttl: 1,
  ...more,
});

const RECORDS = [
  record("example.com", "A", "198.18.0.10", { proxied: true }),
  record("www.example.com", "CNAME", "example.com", { proxied: true }),
  record("direct.example.com", "A", "198.18.0.10", { ttl: 120 }),
  record("direct.example.com", "AAAA", "2001:db8::10"),
  record("alias.example.com", "CNAME", "direct.example.com"),
  record("out.example.com", "CNAME", "there.elsewhere.test"),
  record("loop.example.com", "CNAME", "loop.example.com"),
  record("example.com", "MX", "mail.example.net", { priority: 5 }),
  record("example.com", "TXT", '"v=spf1 -all"'),
  record("long.example.com", "TXT", "x".repeat(700)),
  record("example.com", "CAA", '0 issue "letsencrypt.org"'),
  record("a.deep.example.com", "A", "198.18.0.11"),
  record("*.wild.example.com", "A", "198.18.0.12"),
  record("own.wild.example.com", "TXT", "own"),
];

const certificate = { certPem: "", keyPem: "" };
const config: InternetConfig = {
  edge: "198.19.0.20",
  upstream: "127.0.0.1",
  names: { "ghcr.io": "198.19.0.6" },
  reverse: { "198.18.0.10": "alpha.example.com", "2001:db8::10": "alpha.example.com" },
  originTrust: "",
  zones: [
    { name: "example.com", settings: {}, records: RECORDS, certificate },
    {
      name: "flat.test",
      settings: {},
      records: [
        record("flat.test", "CNAME", "there.elsewhere.test"),
        record("in.flat.test", "A", "198.18.0.9"),
      ],
      certificate,
    },
  ],
};

/** The rest of the world: there.elsewhere.test is 203.0.113.7, everything else is refused. */
const elsewhere: InternetConfig = {
  ...config,
  names: { "there.elsewhere.test": "203.0.113.7" },
  reverse: {},
  zones: [
    { name: "big.test", settings: {}, records: [record("big.test", "TXT", "y".repeat(2000))], certificate },
  ],
};

describe("the local cloud's resolver", () => {
  let world: DnsServer;
  let server: DnsServer;
  const resolver = new Resolver({ timeout: 2000, tries: 1 });
  beforeAll(async () => {
    world = await startDns({ config: () => elsewhere, address: "127.0.0.1", port: 0, upstreamPort: 1 });
    server = await startDns({
      config: () => config,
      address: "127.0.0.1",
      port: 0,
      upstreamPort: world.port,
    });
    resolver.setServers([`127.0.0.1:${server.port}`]);
  });
  afterAll(async () => {
    await server.close();
    await world.close();
  });

  const ask = (name: string, type: string, additionals: dns.Answer[] = []): Promise<dns.DecodedPacket> =>
    new Promise((resolve) => {
      const socket = createSocket("udp4");
      socket.once("message", (reply) => {
        socket.close();
        resolve(dns.decode(reply));
      });
      const questions = [{ name, type: type as dns.RecordType }];
      socket.send(dns.encode({ type: "query", id: 7, questions, additionals }), server.port, "127.0.0.1");
    });
  const askByTcp = (name: string, type: dns.RecordType): Promise<dns.DecodedPacket> =>
    new Promise((resolve) => {
      const socket = connect(server.port, "127.0.0.1");
      let bytes = Buffer.alloc(0);
      socket.on("data", (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk]);
        if (bytes.length < 2 || bytes.length < 2 + bytes.readUInt16BE(0)) return;
        socket.destroy();
        resolve(dns.decode(bytes.subarray(2)));
      });
      socket.write(dns.streamEncode({ type: "query", id: 7, questions: [{ name, type }] }));
    });
  const rcode = (reply: dns.DecodedPacket): string => (reply as unknown as { rcode: string }).rcode;
  const edns = {
    type: "OPT",
    name: ".",
    udpPayloadSize: 4096,
    flags: 0,
    options: [],
  } as unknown as dns.Answer;

  it("answers proxied names with the edge's address and hides the origin's", async () => {
    expect(await resolver.resolve4("example.com")).toEqual(["198.19.0.20"]);
    expect(await resolver.resolve4("www.example.com")).toEqual(["198.19.0.20"]);
    const cname = await ask("www.example.com", "CNAME");
    expect([rcode(cname), cname.answers]).toEqual(["NOERROR", []]);
  });

  it("answers unproxied names with their own records and times", async () => {
    expect(await resolver.resolve4("direct.example.com", { ttl: true })).toEqual([
      { address: "198.18.0.10", ttl: 120 },
    ]);
    expect(await resolver.resolve6("direct.example.com")).toEqual(["2001:db8::10"]);
    expect(await resolver.resolve4("DIRECT.Example.COM")).toEqual(["198.18.0.10"]);
  });

  it("answers MX, TXT, CAA, NS and SOA of an apex that is proxied", async () => {
    expect(await resolver.resolveMx("example.com")).toEqual([{ priority: 5, exchange: "mail.example.net" }]);
    expect(await resolver.resolveTxt("example.com")).toEqual([["v=spf1 -all"]]);
    expect(await resolver.resolveCaa("example.com")).toEqual([{ critical: 0, issue: "letsencrypt.org" }]);
    expect((await resolver.resolveNs("example.com")).sort()).toEqual([...NAME_SERVERS]);
    expect((await resolver.resolveSoa("example.com")).hostmaster).toBe("dns.cloudflare.com");
  });

  it("follows a CNAME inside its zones, outside of them, and gives up on a circle", async () => {
    const inside = await ask("alias.example.com", "A");
    expect(inside.answers?.map(({ name, type }) => `${name} ${type}`)).toEqual([
      "alias.example.com CNAME",
      "direct.example.com A",
    ]);
    expect(await resolver.resolve4("out.example.com")).toEqual(["203.0.113.7"]);
    await expect(resolver.resolve4("loop.example.com")).rejects.toMatchObject({ code: "ESERVFAIL" });
  });

  it("flattens a CNAME at the apex to addresses under the apex's own name", async () => {
    const reply = await ask("flat.test", "A");
    expect(reply.answers).toMatchObject([{ name: "flat.test", type: "A", data: "203.0.113.7" }]);
    expect((await ask("flat.test", "CNAME")).answers).toEqual([]);
    expect((await ask("flat.test", "NS")).answers).toHaveLength(2);
  });

  it("tells a name without such a record (no error) from a name that doesn't exist, both with the SOA", async () => {
    for (const [name, type, code] of [
      ["direct.example.com", "MX", "NOERROR"],
      ["example.com", "AAAA", "NOERROR"],
      ["deep.example.com", "A", "NOERROR"],
      ["nowhere.example.com", "A", "NXDOMAIN"],
    ] as const) {
      const reply = await ask(name, type);
      expect([name, rcode(reply), reply.answers]).toEqual([name, code, []]);
      expect(reply.authorities?.[0]).toMatchObject({ type: "SOA", name: "example.com" });
    }
  });

  it("lets a wildcard answer for names that don't exist only", async () => {
    expect(await resolver.resolve4("any.wild.example.com")).toEqual(["198.18.0.12"]);
    expect(await resolver.resolve4("two.levels.wild.example.com")).toEqual(["198.18.0.12"]);
    expect((await ask("own.wild.example.com", "A")).answers).toEqual([]);
    expect(rcode(await ask("below.own.wild.example.com", "A"))).toBe("NXDOMAIN");
  });

  it("answers ANY with the HINFO of RFC 8482", async () => {
    expect((await ask("example.com", "ANY")).answers).toMatchObject([
      { type: "HINFO", data: { cpu: "RFC8482" } },
    ]);
  });

  it("answers names of its own for the registries, IPv4 only", async () => {
    expect(await resolver.resolve4("ghcr.io")).toEqual(["198.19.0.6"]);
    const six = await ask("ghcr.io", "AAAA");
    expect([rcode(six), six.answers]).toEqual(["NOERROR", []]);
  });

  it("answers reverse lookups of servers, IPv4 and IPv6", async () => {
    expect(await resolver.resolvePtr(reverseName("198.18.0.10"))).toEqual(["alpha.example.com"]);
    expect(await resolver.reverse("2001:db8::10")).toEqual(["alpha.example.com"]);
  });

  it("asks upstream for everything else, and passes a truncated reply and EDNS on", async () => {
    expect(await resolver.resolve4("there.elsewhere.test")).toEqual(["203.0.113.7"]);
    const short = await ask("big.test", "TXT");
    expect(short.flag_tc).toBe(true);
    const roomy = await ask("big.test", "TXT", [edns]);
    expect(roomy.flag_tc).toBe(false);
    expect((await askByTcp("big.test", "TXT")).answers).toHaveLength(1);
  });

  it("truncates what does not fit a datagram, and gives it by TCP or to who announces room", async () => {
    expect(await ask("long.example.com", "TXT")).toMatchObject({ flag_tc: true, answers: [] });
    expect((await ask("long.example.com", "TXT", [edns])).answers).toHaveLength(1);
    expect((await askByTcp("long.example.com", "TXT")).answers).toHaveLength(1);
    expect((await resolver.resolveTxt("long.example.com"))[0]?.map((text) => text.length)).toEqual([
      255, 255, 190,
    ]);
  });

  it("says SERVFAIL when upstream can't be asked", async () => {
    const alone = await startDns({
      config: () => ({ ...config, upstream: "" }),
      address: "127.0.0.1",
      port: 0,
      upstreamPort: 1,
    });
    const lonely = new Resolver({ timeout: 7000, tries: 1 });
    lonely.setServers([`127.0.0.1:${alone.port}`]);
    await expect(lonely.resolve4("there.elsewhere.test")).rejects.toMatchObject({ code: "ESERVFAIL" });
    await alone.close();
  });

  it("does not fall over a message that is no DNS", async () => {
    const socket = createSocket("udp4");
    socket.send(Buffer.from([1, 2, 3]), server.port, "127.0.0.1");
    expect(await resolver.resolve4("direct.example.com")).toEqual(["198.18.0.10"]);
    socket.close();
  });
});

describe("the resolver that the local cloud asks", () => {
  it("is the machine's first one that containers can reach, and Docker's own where there is none", () => {
    expect(upstreamResolver(["# x\nnameserver 192.0.2.53\nnameserver 192.0.2.54\n"])).toBe("192.0.2.53");
    expect(upstreamResolver(["nameserver 127.0.0.53\n", "nameserver 192.0.2.7\n"])).toBe("192.0.2.7");
    expect(upstreamResolver(["nameserver ::1\nnameserver 127.0.0.1\n", ""])).toBe("127.0.0.11");
  });
});
