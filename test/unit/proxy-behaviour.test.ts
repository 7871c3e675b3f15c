import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defineSystem } from "../../components/lib/system";
import type { ProxyKind } from "../../components/lib/system-sites";
import { HAS, startProxy, type Answer, type Bed } from "../support/proxies";
import { SERVICE } from "../support/systems";

function sitesFor(proxy: ProxyKind) {
  const limits = { api: { perSecond: 1, burst: { "/limited": 3 } } };
  return defineSystem({
    name: "many",
    proxy,
    services: { web: SERVICE, down: SERVICE, missing: SERVICE },
    sites: [
      {
        hostname: "@",
        aliases: [{ hostname: "www", redirect: true }],
        routes: {
          "/": "web:3000",
          "/strip": { to: "web:3000", replacePath: "/" },
          "/graphql": { to: "web:3000", replacePath: "/deep/graphql" },
          "/small": { to: "web:3000", maxBodyMb: 1 },
          "/down": "down:1",
          "/missing": "missing:1",
        },
        redirects: { "/old": "/new", "/away": "https://example.org/x?y=1" },
        headers: {
          "X-Frame-Options": "SAMEORIGIN",
          "Content-Security-Policy": `default-src 'self' "x"; img-src *`,
        },
        gzip: true,
        maxBodyMb: 2,
        ...(proxy === "nginx" ? { rateLimits: limits, unlogged: ["/quiet", "/down/quiet"] } : {}),
      },
      { hostname: "hooks", routes: { "/in/": "web:3000" } },
    ],
  }).sites;
}

interface Echo {
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

const echoed = (answer: Answer): Echo => JSON.parse(answer.body) as Echo;
/** Caddy before 2.7 answers 502 for a body that it cut off. */
const CADDY_SAYS: Readonly<Record<string, number>> = { "/small": 502 };
const EDGE = { "CF-Connecting-IP": "203.0.113.9", "X-Forwarded-For": "6.6.6.6" };

describe.each(["caddy", "nginx"] as const)("%s with the rendered sites", (kind) => {
  describe.skipIf(!HAS[kind])(`(skipped only without a ${kind} binary)`, () => {
    let bed: Bed;
    let far: Bed;
    beforeAll(async () => {
      const options = { kind, sites: sitesFor(kind), services: { web: true, down: false } };
      [bed, far] = await Promise.all([
        startProxy({ ...options, edgeCidrs: ["127.0.0.0/8"] }),
        startProxy({ ...options, edgeCidrs: ["198.51.100.0/24", "2001:db8::/32"] }),
      ]);
    });
    afterAll(() => Promise.all([bed, far].map((each) => each.stop())));

    it("passes host, credentials and the visitor's address, believed from the edge alone", async () => {
      const headers = { ...EDGE, authorization: "Bearer t0ken" };
      const near = echoed(await bed.ask("/a?b=c", { headers }));
      const stranger = echoed(await far.ask("/", { headers }));

      expect(near.url).toBe("/a?b=c");
      expect(near.headers).toMatchObject({
        ...{ host: "mxcorre.com", authorization: "Bearer t0ken", "x-forwarded-proto": "https" },
        ...{ "x-real-ip": "203.0.113.9", "x-forwarded-for": "203.0.113.9" },
        "cf-connecting-ip": "203.0.113.9",
      });
      expect(stranger.headers).toMatchObject({ "x-real-ip": "127.0.0.1", "x-forwarded-for": "127.0.0.1" });
      expect(stranger.headers["cf-connecting-ip"]).toBeUndefined();
    });

    it.each([
      ["/strip/a?b", "/a?b"],
      ["/strip", "/"],
      ["/stripes", "/stripes"],
      ["/graphql", "/deep/graphql"],
      ["/graphql/x?q=%20", "/deep/graphql/x?q=%20"],
      ["/small/a%2Fb", "/small/a%2Fb"],
    ])("shows %s to the service as %s", async (path, seen) => {
      expect(echoed(await bed.ask(path)).url).toBe(seen);
    });

    it.each([
      ["an answer", "/", 200],
      ["a 404 of the application", "/?status=404", 404],
      ["a 500 of the application", "/?status=500", 500],
      ["a service that is gone", "/down", 502],
      ["a service that never was", "/missing", 503],
      ["too large a body", "/small", 413],
      ["a redirect", "/old", 308],
    ])(
      "has each header once on %s",
      async (_, path, status) => {
        const body = status === 413 ? "x".repeat(1_500_000) : undefined;
        const { status: found, headers } = await bed.ask(path, { body });
        const isOfApplication = status !== 308 && status < 501 && status !== 413;

        expect([status, kind === "caddy" ? CADDY_SAYS[path] : undefined]).toContain(found);
        expect(headers).toMatchObject({
          "x-frame-options": "SAMEORIGIN",
          "content-security-policy": `default-src 'self' "x"; img-src *`,
          "x-content-type-options": "nosniff",
          "strict-transport-security": "max-age=31536000",
          "referrer-policy": isOfApplication ? "no-referrer" : "strict-origin-when-cross-origin",
        });
      },
      15_000,
    );

    it("takes a larger body where the path has no limit of its own", async () => {
      expect((await bed.ask("/", { body: "x".repeat(1_500_000) })).status).toBe(200);
      expect([413, 502]).toContain((await bed.ask("/", { body: "x".repeat(2_500_000) })).status);
    });

    it("redirects moved paths and aliases, and has nothing where no route is", async () => {
      expect((await bed.ask("/old?x")).headers.location).toBe("https://mxcorre.com/new");
      expect((await bed.ask("/away")).headers.location).toBe("https://example.org/x?y=1");
      expect((await bed.ask("/a?b", { host: "www.mxcorre.com" })).headers.location).toBe(
        "https://mxcorre.com/a?b",
      );
      expect((await bed.ask("/in/x", { host: "hooks.mxcorre.com" })).status).toBe(200);
      expect((await bed.ask("/x", { host: "hooks.mxcorre.com" })).status).toBe(404);
    });

    it("compresses for who asks for it, and lets websockets through", async () => {
      const packed = await bed.ask("/", { headers: { "accept-encoding": "gzip" } });
      const socket = await bed.ask("/ws", { headers: { connection: "Upgrade", upgrade: "websocket" } });

      expect(packed.headers["content-encoding"]).toBe("gzip");
      expect(socket.status).toBe(101);
    });

    it("speaks TLS 1.2 and 1.3, and nothing older (S4-9)", async () => {
      const versions = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;
      expect(await Promise.all(versions.map((version) => bed.agree(version)))).toEqual([
        ...["refused", "refused"],
        ...["TLSv1.2", "TLSv1.3"],
      ]);
    });

    it("sends plain requests to HTTPS and answers no stranger's host", async () => {
      const plain = await fetch(`http://127.0.0.1:${bed.plainPort}/a`).catch(() => undefined);

      expect(plain).toBeUndefined();
      await expect(bed.ask("/", { host: "evil.example" })).rejects.toThrow();
    });
  });
});

describe.skipIf(!HAS.caddy)("Caddy's logs (skipped only without a caddy binary)", () => {
  const rotation = { rollSizeMb: 1, rollKeep: 1, rollKeepDays: 1 };
  let bed: Bed;
  beforeAll(async () => {
    bed = await startProxy({
      ...{ kind: "caddy", sites: sitesFor("caddy"), services: { web: true, down: false } },
      ...{ edgeCidrs: ["127.0.0.0/8"], accessLog: { directory: "/srv/logs", ...rotation } },
    });
  });
  afterAll(() => bed.stop());
  const files = (): string[] => readdirSync(join(bed.directory, "logs")).sort();
  const lines = (): string => readFileSync(join(bed.directory, "logs", "access.log"), "utf8");

  it("say who asked what with which answer, in the host's file and in the container's log, and hold no credential", async () => {
    const headers = {
      ...{ ...EDGE, authorization: "Bearer t0ken", cookie: "session=t0ken", "x-api-key": "t0ken" },
      referer: "https://mxcorre.com/?t0ken",
    };
    await bed.ask("/photos/7?token=t0ken&x=1", { headers });
    await bed.ask("/down/a?t0ken", { headers });
    await bed.ask("/moved?t0ken", { headers, host: "www.mxcorre.com" });

    await expect.poll(lines).toContain("/moved?REDACTED");
    const [visit, broken, moved] = lines().trim().split("\n").map(parseLine);
    const from = { remote_ip: "127.0.0.1", method: "GET", host: "mxcorre.com" };
    expect(visit).toMatchObject({
      ...{ request: { ...from, uri: "/photos/7?REDACTED" }, user_id: "203.0.113.9", status: 200 },
    });
    expect(broken).toMatchObject({ request: { uri: "/down/a?REDACTED" }, status: 502 });
    expect(moved).toMatchObject({
      request: { host: "www.mxcorre.com" },
      user_id: "203.0.113.9",
      status: 308,
    });
    await expect.poll(bed.visits).toContain("/moved?REDACTED");
    expect(lines() + bed.visits() + bed.errors()).not.toContain("t0ken");
  }, 15_000);

  it("are turned over by Caddy itself, and the oldest go (S3-25)", async () => {
    const long = `/${"x".repeat(12_000)}`;
    for (let asked = 0; asked < 240; asked += 20)
      await Promise.all(Array.from({ length: 20 }, () => bed.ask(long)));

    await expect.poll(files).toEqual([expect.stringMatching(/^access-.*\.log\.gz$/), "access.log"]);
    expect(lines().length).toBeLessThan(2 ** 20);
  }, 60_000);
});

function parseLine(line: string): unknown {
  return JSON.parse(line) as unknown;
}

describe.skipIf(!HAS.nginx)("nginx's own parts (skipped only without an nginx binary)", () => {
  let bed: Bed;
  beforeAll(async () => {
    const options = {
      sites: sitesFor("nginx"),
      services: { web: true, down: false },
      edgeCidrs: ["127.0.0.1/32"],
    };
    bed = await startProxy({ kind: "nginx", ...options });
  });
  afterAll(() => bed.stop());

  it("answers 429 above the burst to that visitor alone, with the site's headers (S4-12)", async () => {
    const visitor = (ip: string, path = "/limited/x") =>
      bed.ask(path, { headers: { "CF-Connecting-IP": ip } });
    const greedy = await Promise.all(Array.from({ length: 10 }, () => visitor("203.0.113.1")));
    const other = await visitor("203.0.113.2");
    const elsewhere = await visitor("203.0.113.1", "/");

    const refused = greedy.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(5);
    expect(greedy.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(4);
    expect(refused[0]?.headers).toMatchObject({ "x-frame-options": "SAMEORIGIN" });
    expect([other.status, elsewhere.status]).toEqual([200, 200]);
  });

  it("has no word of an unlogged path in either log, however it is written, and of the others it has", async () => {
    const paths = ["/quiet/t0ken?x", "//quiet//t0ken", "/%71uiet/t0ken", "/down/quiet/t0ken", "/down/loud"];
    const loud = ["/loud", "/with/query?t0ken=t0ken"];
    const answers = await Promise.all([...paths, ...loud].map((path) => bed.ask(path)));

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 502, 502, 200, 200]);
    const access = readFileSync(join(bed.directory, "access.log"), "utf8");
    expect(access).toContain("/loud");
    expect(access).toContain('"uri":"/with/query?REDACTED"');
    expect(bed.errors()).toContain("/down/loud");
    expect(access + bed.errors()).not.toContain("t0ken");
  });

  it("serves ACME's challenges without TLS", async () => {
    const token = `http://127.0.0.1:${bed.plainPort}/.well-known/acme-challenge/token`;
    const { get } = await import("node:http");
    const body = await new Promise<string>((resolve, reject) => {
      get(token, { headers: { host: "mxcorre.com" } }, (reply) => {
        void reply.toArray().then((chunks: Buffer[]) => resolve(Buffer.concat(chunks).toString()));
      }).on("error", reject);
    });

    expect(body).toBe("answer");
  });
});
