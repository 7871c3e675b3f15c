import { describe, expect, it } from "vitest";
import {
  defineSystem,
  systemHostnames,
  type ServiceSpec,
  type SystemSpec,
} from "../../components/lib/system";
import { runningCalendar } from "../../systems/running-calendar";
import { faultsOf, SERVICE } from "../support/systems";

const DB: ServiceSpec = {
  image: "db:1",
  stopGracePeriodSeconds: 60,
  volumes: { data: "/data" },
  containerName: "x-db",
};

function spec(changes: Partial<SystemSpec> = {}): SystemSpec {
  return {
    name: "shop",
    services: { web: SERVICE, db: DB },
    sites: [{ hostname: "@", routes: { "/": "web:80" } }],
    ...changes,
  };
}

function withWeb(web: Partial<ServiceSpec>, changes: Partial<SystemSpec> = {}): SystemSpec {
  return spec({ services: { web: { ...SERVICE, ...web }, db: DB }, ...changes });
}

const KEY = { KEY: { kind: "kept" } } as const;

describe("defineSystem", () => {
  it("fills in defaults: start-first without a volume, stop-first with one, longest route first", () => {
    const routes = { "/": "web:80", "/api/v1": "web:80", "/api": "web:80" };
    const system = defineSystem(spec({ sites: [{ hostname: "@", routes }] }));

    expect(system.services.web).toMatchObject({
      name: "web",
      strategy: "start-first",
      environment: {},
      secrets: [],
    });
    expect(system.services.db).toMatchObject({ name: "db", strategy: "stop-first" });
    expect(system.sites[0]!.routes.map((route) => route.path)).toEqual(["/api/v1", "/api", "/"]);
    expect(system.sites[0]).toMatchObject({ maxBodyMb: 100, redirectsFrom: [] });
  });

  it("takes environment values of any printable text and line breaks: they never pass a shell", () => {
    expect(faultsOf(withWeb({ environment: { A: "a'b\"c $(id) `id` \\ %\nsecond line é" } }))).toEqual([]);
  });

  it.each<[string, SystemSpec, string]>([
    [
      "a system's name",
      spec({ name: "Shop" }),
      'name: must be lowercase words joined by "-", at most 40 characters, got Shop',
    ],
    [
      "a service's name",
      spec({ services: { web: SERVICE, "D B": DB } }),
      "services.D B: must be named in a-z, digits and -, at most 30",
    ],
    [
      "the proxy's name",
      spec({ services: { web: SERVICE, proxy: SERVICE } }),
      "services.proxy: must leave the name of the proxy alone",
    ],
    [
      "no services",
      spec({ services: {}, sites: [] }),
      "services: must hold at least one service, got nothing",
    ],
    [
      "a host outside the zone",
      spec({ sites: [{ hostname: "evil.com", routes: { "/": "web:80" } }] }),
      'sites[0].hostname: must be "@" or one lowercase label',
    ],
    [
      "a host twice",
      spec({
        sites: [{ hostname: "@", aliases: [{ hostname: "@", redirect: true }], routes: { "/": "web:80" } }],
      }),
      "sites[0].aliases[0].hostname: must appear once",
    ],
    [
      "a route to nowhere",
      spec({ sites: [{ hostname: "@", routes: { "/": "app:80" } }] }),
      'sites[0].routes["/"]: must name a service of this system, got app; fix: use one of: web, db',
    ],
    [
      "a route without port",
      spec({ sites: [{ hostname: "@", routes: { "/": "web" } }] }),
      'sites[0].routes["/"]: must be service:port',
    ],
    [
      "a route's path with braces",
      spec({ sites: [{ hostname: "@", routes: { "/{x}": "web:80" } }] }),
      'sites[0].routes["/{x}"]: must have a path of / and plain characters',
    ],
    [
      "no route",
      spec({ sites: [{ hostname: "@", routes: {} }] }),
      "sites[0].routes: must hold at least one route",
    ],
    [
      "a body of nothing",
      spec({ sites: [{ hostname: "@", routes: { "/": "web:80" }, maxBodyMb: 0 }] }),
      "sites[0].maxBodyMb: must be a whole number from 1 to 500",
    ],
    [
      "an undeclared secret",
      withWeb({ secrets: ["KEY"], entrypoint: ["e"], command: ["c"], user: "1:1" }),
      "services.web.secrets: must name declared secrets, got KEY; fix: add secrets.KEY",
    ],
    ["an unused secret", spec({ secrets: KEY }), "secrets.KEY: must be used by a service"],
    [
      "secrets without an entrypoint",
      withWeb({ secrets: ["KEY"], user: "1:1" }, { secrets: KEY }),
      "services.web: must give entrypoint and command",
    ],
    [
      "secrets without a user",
      withWeb({ secrets: ["KEY"], secretFiles: true }, { secrets: KEY }),
      "services.web.user: must be given with secrets",
    ],
    [
      "a short generated secret",
      withWeb(
        { secrets: ["KEY"], secretFiles: true, user: "1:1" },
        { secrets: { KEY: { kind: "generated", length: 8, alphabet: "hex" } } },
      ),
      "secrets.KEY.length: must be a whole number of at least 32",
    ],
    [
      "a secret made too short",
      withWeb(
        { secrets: ["KEY"], secretFiles: true, user: "1:1" },
        { secrets: { KEY: { kind: "kept", minLength: 64, make: "hex:16" } } },
      ),
      "secrets.KEY.make: must reach minLength 64",
    ],
    [
      "an optional secret that is made",
      withWeb(
        { secrets: ["KEY"], secretFiles: true, user: "1:1" },
        { secrets: { KEY: { kind: "kept", optional: true, make: "hex:64" } } },
      ),
      "secrets.KEY.optional: must stand without make and when",
    ],
    [
      "a secret as plain value",
      withWeb(
        { secrets: ["KEY"], secretFiles: true, user: "1:1", environment: { KEY_FILE: "x" } },
        { secrets: KEY },
      ),
      "services.web.environment.KEY_FILE: must leave secret KEY to secrets",
    ],
    [
      "a variable of ours",
      withWeb({ environment: { HOMEPORT_X: "1" } }),
      "services.web.environment.HOMEPORT_X: must not start with HOMEPORT_",
    ],
    [
      "a NUL in a value",
      withWeb({ environment: { A: "a\0b" } }),
      "services.web.environment.A: must hold no NUL",
    ],
    [
      "a port open to the world",
      spec({ services: { web: SERVICE, db: { ...DB, ports: ["5432:5432"] } } }),
      "services.db.ports: must be bound to 127.0.0.1",
    ],
    [
      "a port on every address",
      spec({ services: { web: SERVICE, db: { ...DB, ports: ["0.0.0.0:5432:5432"] } } }),
      "services.db.ports: must be bound to 127.0.0.1",
    ],
    [
      "start-first with a volume",
      withWeb({ strategy: "start-first", volumes: { vol: "/v" } }),
      "services.web.strategy: must be stop-first with a volume",
    ],
    [
      "start-first with a name",
      withWeb({ containerName: "web" }),
      "services.web.containerName: must be left out of a start-first service",
    ],
    [
      "start-first with a port",
      withWeb({ ports: ["127.0.0.1:80:80"] }),
      "services.web.ports: must be empty for a start-first service",
    ],
    [
      "start-first without a health check",
      withWeb({ healthcheck: undefined }),
      "services.web.healthcheck: must be given for a start-first service",
    ],
    [
      "one container name twice",
      spec({ services: { web: SERVICE, db: DB, db2: { ...DB, volumes: { other: "/e" } } } }),
      "services.db2.containerName: must differ from that of services.db",
    ],
    [
      "a relative mount",
      spec({ services: { web: SERVICE, db: { ...DB, volumes: { data: "data" } } } }),
      "services.db.volumes.data: must be an absolute plain path",
    ],
    [
      "a mount with ..",
      spec({ services: { web: SERVICE, db: { ...DB, volumes: { data: "/a/../etc" } } } }),
      "services.db.volumes.data: must be an absolute plain path",
    ],
    ["an empty command", withWeb({ command: [] }), "services.web.command: must start with a program"],
    [
      "a control character in a command",
      withWeb({ command: ["a\u001b"] }),
      "services.web.command: must hold no control characters",
    ],
    ["a user by name", withWeb({ user: "root" }), 'services.web.user: must be numeric "uid:gid"'],
    [
      "no grace",
      withWeb({ stopGracePeriodSeconds: 0 }),
      "services.web.stopGracePeriodSeconds: must be whole seconds from 1 to 600",
    ],
    [
      "a health check without its kind",
      withWeb({ healthcheck: { ...SERVICE.healthcheck, test: ["true"] } }),
      "services.web.healthcheck.test: must start with CMD or CMD-SHELL",
    ],
    [
      "a database without service",
      spec({ databases: [{ service: "pg", name: "a", user: "b" }] }),
      "databases[0].service: must name a service of this system, got pg",
    ],
    [
      "a database's name with quotes",
      spec({ databases: [{ service: "db", name: "a'b", user: "b" }] }),
      "databases[0].name: must be a plain SQL name",
    ],
  ])("refuses %s", (_, changed, message) => {
    expect(faultsOf(changed)).toEqual([expect.stringContaining(message)]);
  });

  it("tells every fault at once, with the system's name", () => {
    const broken = withWeb({ user: "root", memoryMb: 1 }, { name: "Shop", secrets: KEY });

    expect(() => defineSystem(broken)).toThrow(/^system "Shop":\n( {2}.*; fix: .*\n?){4}$/);
  });
});

describe("the running-calendar system", () => {
  it("is S1: the database's exact name, loopback port, volume and password file (S1-15, S1-16)", () => {
    const { db, web } = runningCalendar.services;

    expect(db).toMatchObject({
      ...{
        image: "postgres:16",
        containerName: "running_calendar-db",
        strategy: "stop-first",
        secretFiles: true,
      },
      ports: ["127.0.0.1:5432:5432"],
      volumes: { running_calendar_postgres: "/var/lib/postgresql/data" },
      secrets: ["POSTGRES_PASSWORD"],
    });
    expect(web).toMatchObject({ strategy: "start-first", environment: { DB_HOST: db!.containerName } });
    expect(runningCalendar.secrets.POSTGRES_PASSWORD).toEqual({
      kind: "generated",
      length: 64,
      alphabet: "hex",
    });
    expect(systemHostnames(runningCalendar, "mxcorre.com")).toEqual(["mxcorre.com", "www.mxcorre.com"]);
  });
});
