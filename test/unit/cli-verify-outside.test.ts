import { describe, expect, it } from "vitest";
import { CHECKS } from "../../cli/verify";
import { broken, proven, type Check, type Sources, type Verdict } from "../../cli/verify/check";
import {
  databaseHostVerdict,
  databaseVerdict,
  publishedVerdict,
  runningVerdict,
  secretsVerdict,
  type Container,
} from "../../cli/verify/checks-containers";
import {
  addressVerdict,
  firewallVerdict,
  recordsVerdict,
  serverVerdict,
  sshKeyVerdict,
  edgeVerdict,
  sslVerdict,
} from "../../cli/verify/checks-cloud";
import {
  closedVerdict,
  namesVerdict,
  redirectVerdict,
  upVerdict,
  aliasVerdict,
} from "../../cli/verify/checks-outside";
import { failed } from "../../cli/cli-error";
import { renderResults } from "../../cli/commands/verify";
import { once, runChecks } from "../../cli/verify/run-checks";
import { expectedStack, goodContainers, hostWith, said } from "../support/verify";

const EXPECTED = expectedStack();
const SERVER = {
  id: 7,
  name: "running-calendar-prod",
  status: "running",
  server_type: { name: "cx23" },
  location: { name: "nbg1" },
  image: { name: "ubuntu-24.04" },
  public_net: { ipv4: { ip: "203.0.113.10" }, firewalls: [{ id: 1, status: "applied" }] },
};
const rule = (port: string, source_ips: string[], protocol = "tcp") => ({
  direction: "in",
  protocol,
  port,
  source_ips,
});
const RULES = [
  rule("22", ["203.0.113.7/32"]),
  rule("80", ["198.51.100.0/24"]),
  rule("443", ["198.51.100.0/24"]),
  { direction: "in", protocol: "icmp", port: null, source_ips: ["203.0.113.7/32"] },
];
const walls = (rules: typeof RULES) => [{ id: 1, name: "w", rules }];
const record = (name: string, content = "203.0.113.10", proxied = true) => ({
  name,
  type: "A",
  content,
  proxied,
});
const ZONE = {
  ...{ ssl: "strict", alwaysUseHttps: "on", minTlsVersion: "1.2" },
  records: [record("mxcorre.com"), record("www.mxcorre.com")],
};
const UP = "https://mxcorre.com/up";
const change = (service: string, patch: Partial<Container>): Container[] =>
  goodContainers().map((each) =>
    each.Config.Labels?.["homeport.service"] === service ? { ...each, ...patch } : each,
  );
const bind = (HostIp: string, HostPort: string) => ({
  PortBindings: { [`${HostPort}/tcp`]: [{ HostIp, HostPort }] },
});
const names = (www: readonly string[]) => ({
  "mxcorre.com": { addresses: ["198.51.100.20"] },
  "www.mxcorre.com": { addresses: www, error: "ENOTFOUND" },
});

describe("checks of clouds, containers and visitors pass", () => {
  it.each<[string, Verdict]>([
    [
      "S1-2",
      sshKeyVerdict(
        [
          {
            name: "k",
            publicKey: `${EXPECTED.config.operatorPublicKey.split(" ").slice(0, 2).join(" ")} other`,
          },
        ],
        EXPECTED,
      ),
    ],
    ["S1-3", serverVerdict(SERVER, EXPECTED)],
    ["S1-4", addressVerdict(SERVER, EXPECTED)],
    ["S1-8", firewallVerdict(walls(RULES), EXPECTED)],
    ["S1-15", databaseVerdict(hostWith(goodContainers()), EXPECTED)],
    ["S1-15 reach", closedVerdict({ asked: [80, 443, 5432], open: [80] }, [5432])],
    ["S1-16", databaseHostVerdict(hostWith(goodContainers()), EXPECTED)],
    ["S1-18", recordsVerdict(ZONE, EXPECTED)],
    ["S1-19", sslVerdict(ZONE)],
    ["S1-20", namesVerdict(names(["203.0.113.10"]), EXPECTED)],
    ["S1-21", runningVerdict(hostWith(goodContainers()), EXPECTED)],
    ["S1-22", upVerdict({ url: UP, status: 200 })],
    ["S1-14", redirectVerdict({ url: UP, status: 301, location: "https://mxcorre.com/up" })],
    ["S1-24", aliasVerdict({ url: UP, status: 308, location: "https://mxcorre.com/" }, "mxcorre.com")],
    ["H5", publishedVerdict(goodContainers())],
    ["S1-12", secretsVerdict("PATH=/bin", EXPECTED.secrets)],
  ])("%s", (_id, verdict) => {
    expect(verdict).toMatchObject({ ok: true });
  });
});

describe("checks of the clouds fail and say what to do", () => {
  it.each<[string, Verdict, RegExp]>([
    ["another key", sshKeyVerdict([{ name: "k", publicKey: "ssh-ed25519 AAAA" }], EXPECTED), /none of them/],
    ["no key", sshKeyVerdict([], EXPECTED), /0 keys/],
    [
      "another type",
      serverVerdict({ ...SERVER, server_type: { name: "cx33" } }, EXPECTED),
      /type is cx33, not cx23/,
    ],
    [
      "another location",
      serverVerdict({ ...SERVER, location: { name: "fsn1" } }, EXPECTED),
      /location is fsn1/,
    ],
    ["another image", serverVerdict({ ...SERVER, image: null }, EXPECTED), /image is unknown/],
    ["switched off", serverVerdict({ ...SERVER, status: "off" }, EXPECTED), /status is off/],
    [
      "another address",
      addressVerdict({ ...SERVER, public_net: { ipv4: null, firewalls: [] } }, EXPECTED),
      /Hetzner says none/,
    ],
    ["no firewall", firewallVerdict([], EXPECTED), /no firewall/],
    [
      "SSH for everybody",
      firewallVerdict(walls([rule("22", ["0.0.0.0/0"]), ...RULES.slice(1)]), EXPECTED),
      /port 22/,
    ],
    ["443 missing", firewallVerdict(walls(RULES.filter(({ port }) => port !== "443")), EXPECTED), /port 443/],
    ["one port more", firewallVerdict(walls([...RULES, rule("5432", ["203.0.113.7/32"])]), EXPECTED), /5432/],
    ["UDP", firewallVerdict(walls([...RULES, rule("443", ["0.0.0.0/0"], "udp")]), EXPECTED), /udp 443/],
    [
      "not proxied",
      recordsVerdict(
        { ...ZONE, records: [record("mxcorre.com", undefined, false), ZONE.records[1]!] },
        EXPECTED,
      ),
      /not proxied/,
    ],
    [
      "another address",
      recordsVerdict(
        { ...ZONE, records: [record("mxcorre.com", "203.0.113.99"), ZONE.records[1]!] },
        EXPECTED,
      ),
      /203\.0\.113\.99/,
    ],
    [
      "two records",
      recordsVerdict(
        { ...ZONE, records: [...ZONE.records, record("mxcorre.com", "203.0.113.99")] },
        EXPECTED,
      ),
      /2 address records/,
    ],
    [
      "no www",
      recordsVerdict({ ...ZONE, records: [record("mxcorre.com")] }, EXPECTED),
      /www.mxcorre.com has no record/,
    ],
    ["plain HTTP", edgeVerdict({ ...ZONE, alwaysUseHttps: "off" }), /always_use_https is off/],
    ["old TLS", edgeVerdict({ ...ZONE, minTlsVersion: "1.0" }), /min_tls_version is 1.0/],
    ["flexible", sslVerdict({ ...ZONE, ssl: "flexible" }), /flexible/],
  ])("%s", (_name, verdict, found) => {
    expect(verdict).toMatchObject({
      ok: false,
      found: expect.stringMatching(found) as string,
      fix: expect.stringMatching(/./) as string,
    });
  });
});

describe("checks of containers and visitors fail and say what to do", () => {
  const db = (patch: Partial<Container>) => databaseVerdict(hostWith(change("db", patch)), EXPECTED);
  const web = (patch: Partial<Container>) => runningVerdict(hostWith(change("web", patch)), EXPECTED);

  it.each<[string, Verdict, RegExp]>([
    ["no database", databaseVerdict(hostWith([]), EXPECTED), /no container of service db/],
    ["database ill", db({ State: { Status: "running", Health: { Status: "unhealthy" } } }), /unhealthy/],
    ["database named otherwise", db({ Name: "/db-1" }), /called db-1/],
    ["database of another image", db({ Image: "sha256:proxy" }), /runs caddy:2.10.2, not postgres:16/],
    ["database without its volume", db({ Mounts: [] }), /volume running_calendar_postgres/],
    ["database for everybody", db({ HostConfig: bind("0.0.0.0", "5432") }), /5432 is published on 0.0.0.0/],
    ["database answers outside", closedVerdict({ asked: [5432], open: [5432] }, [5432]), /5432 answers/],
    ["port not tried", closedVerdict({ asked: [], open: [] }, [5432]), /not tried/],
    [
      "another DB_HOST",
      databaseHostVerdict(hostWith(change("web", { Config: { Env: ["DB_HOST=localhost"] } })), EXPECTED),
      /another DB_HOST/,
    ],
    [
      "Docker is down",
      runningVerdict(hostWith([], { docker: said("", 1, "Cannot connect") }), EXPECTED),
      /engine/,
    ],
    ["application stopped", web({ State: { Status: "exited" } }), /it is exited/],
    [
      "an application that a boot does not start",
      web({ HostConfig: { RestartPolicy: { Name: "no" } } }),
      /web: it does not start again by itself: restart policy no/,
    ],
    [
      "everything at once",
      runningVerdict(hostWith([...change("web", { State: { Status: "paused" } }).slice(0, 2)]), EXPECTED),
      /no container of service proxy; web: it is paused/,
    ],
    ["application of another digest", web({ Image: "sha256:db" }), /not ghcr.io/],
    ["no proxy", runningVerdict(hostWith(goodContainers().slice(0, 2)), EXPECTED), /service proxy/],
    [
      "two applications",
      runningVerdict(hostWith([...goodContainers(), ...goodContainers().slice(1, 2)]), EXPECTED),
      /2 containers of service web/,
    ],
    [
      "one port more",
      publishedVerdict(change("web", { HostConfig: bind("", "9000") })),
      /web-1a2b publishes 9000/,
    ],
    ["no container to look at", publishedVerdict([]), /no container/],
    ["secret in the environment", secretsVerdict("A=s3cret-value", EXPECTED.secrets), /visible/],
    [
      "secret of two lines",
      secretsVerdict(JSON.stringify(["A=line one\nline two"]), EXPECTED.secrets),
      /visible/,
    ],
    ["nothing to compare", secretsVerdict("", []), /nothing to compare/],
    ["no address", namesVerdict(names([]), EXPECTED), /www.mxcorre.com: ENOTFOUND/],
    ["elsewhere", namesVerdict(names(["192.0.2.1"]), EXPECTED), /192\.0\.2\.1/],
    ["526", upVerdict({ url: UP, status: 526 }), /does not verify under strict/],
    ["521", upVerdict({ url: UP, status: 521 }), /proxy is down/],
    ["no edge", upVerdict({ url: UP, error: "ECONNREFUSED" }), /ECONNREFUSED/],
    ["plain HTTP is served", redirectVerdict({ url: UP, status: 200 }), /without TLS/],
    ["redirect to http", redirectVerdict({ url: UP, status: 301, location: "http://x" }), /status 301/],
    [
      "www goes elsewhere",
      aliasVerdict({ url: UP, status: 301, location: "https://mxcorre.com.evil.com/" }, "mxcorre.com"),
      /status 301/,
    ],
  ])("%s", (_name, verdict, found) => {
    expect(verdict).toMatchObject({
      ok: false,
      found: expect.stringMatching(found) as string,
      fix: expect.stringMatching(/./) as string,
    });
  });

  it("never shows the secret that it found", () => {
    expect(JSON.stringify(secretsVerdict("A=s3cret-value", EXPECTED.secrets))).not.toContain("s3cret");
  });
});

describe("runChecks", () => {
  const check = (id: string, run: Check["run"]): Check => ({ id, title: id, run });

  it("takes an unreachable source for a failure of every check that needs it, and asks it once", async () => {
    let asked = 0;
    const host = once(() => {
      asked += 1;
      return Promise.reject(failed("ssh: no answer; fix: open the door"));
    });
    const run: Check["run"] = async (sources) => (await sources.host(), proven("never"));

    const results = await runChecks(
      [check("a", run), check("b", run)],
      { host } as unknown as Sources,
      EXPECTED,
      () => undefined,
    );

    expect(results.map(({ verdict }) => verdict)).toEqual([
      broken("ssh: no answer", "open the door"),
      broken("ssh: no answer", "open the door"),
    ]);
    expect(asked).toBe(1);
  });

  it("prints the fix under a failed check only", () => {
    const results = [
      { id: "A", title: "a", verdict: proven("yes"), seconds: 1 },
      { id: "B", title: "b", verdict: broken("no", "mend it"), seconds: 2 },
    ];

    expect(renderResults(results)).toBe("✔  A  a  1.0 s  yes\n✖  B  b  2.0 s  no\n    fix: mend it");
  });

  it("covers each requirement of this system that has a check", () => {
    const ids = new Set(CHECKS.map(({ id }) => id));
    for (const id of [
      "S1-2",
      "S1-3",
      "S1-4",
      "S1-7",
      "S1-8",
      "S1-9",
      "S1-10",
      "S1-12",
      "S1-15",
      "S1-16",
      "S1-18",
      "S1-19",
      "S1-20",
      "S1-21",
      "S1-22",
      "S1-23",
      "S1-24",
      "H3",
      "H4",
      "H5",
    ]) {
      expect(ids).toContain(id);
    }
  });
});
