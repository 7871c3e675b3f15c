import type { ServiceSpec, SystemSpec } from "../../components/lib/system";
import type { UnitSpec } from "../../components/lib/system-units";

const HEALTHY = {
  ...{ test: ["CMD", "true"], intervalSeconds: 1, timeoutSeconds: 1, retries: 1, startPeriodSeconds: 0 },
};
const WEB: ServiceSpec = {
  image: "web:1",
  stopGracePeriodSeconds: 10,
  healthcheck: HEALTHY,
  user: "1000:1000",
};
const UNIT: UnitSpec = { source: "../api", command: ["bin/api"], port: 8001 };

/** One of each part that a spec may have, all of them right. */
export const SHOP: SystemSpec = {
  name: "shop",
  services: {
    db: {
      image: "db:1",
      containerName: "shop-db",
      volumes: { data: "/data" },
      stopGracePeriodSeconds: 60,
      healthcheck: HEALTHY,
    },
    web: { ...WEB, secrets: ["KEY"], secretFiles: true, dependsOn: ["db"] },
    jobs: { ...WEB, strategy: "stop-first", mounts: { "/srv/shop/uploads": "/uploads" } },
  },
  units: { api: UNIT },
  sites: [
    { hostname: "@", aliases: [{ hostname: "www", redirect: true }], routes: { "/": "web:3000" } },
    { hostname: "api", routes: { "/": "api:8001" } },
  ],
  secrets: { KEY: { kind: "kept", minLength: 32, make: "hex:32" } },
  databases: [{ service: "db", name: "shop", user: "shop" }],
  files: { "/srv/shop/uploads": { owner: "1000:1000" } },
  checks: [{ id: "S3-19", title: "alive", request: { path: "/up" }, answer: { status: 200 } }],
};

export interface BadSpec {
  readonly mistake: string;
  readonly spec: SystemSpec;
  readonly change: (spec: SystemSpec) => SystemSpec;
  /** What the message names. */
  readonly field: string;
  readonly rule: string;
  /** Hides, or is hidden by, another of the list. */
  readonly alone?: true;
}

function bad(
  mistake: string,
  change: (spec: SystemSpec) => SystemSpec,
  field: string,
  rule: string,
  alone?: true,
): BadSpec {
  return { mistake, spec: change(SHOP), change, field, rule, alone };
}

function service(name: string, change: Partial<ServiceSpec>): (spec: SystemSpec) => SystemSpec {
  return (spec) => ({
    ...spec,
    services: { ...spec.services, [name]: { ...(spec.services[name] ?? WEB), ...change } },
  });
}

function unit(change: Partial<UnitSpec>): (spec: SystemSpec) => SystemSpec {
  return (spec) => ({ ...spec, units: { ...spec.units, api: { ...UNIT, ...spec.units?.api, ...change } } });
}

function site(change: Partial<SystemSpec["sites"][number]>): (spec: SystemSpec) => SystemSpec {
  return (spec) => ({
    ...spec,
    sites: spec.sites.map((each, at) => (at === 0 ? { ...each, ...change } : each)),
  });
}

function part(change: Partial<SystemSpec>): (spec: SystemSpec) => SystemSpec {
  return (spec) => ({ ...spec, ...change });
}

const UPLOADS = 'files["/srv/shop/uploads"]';

/** Mistakes in a spec, each with what must be said of it; together they are one spec in which all is wrong. */
export const BAD_SPECS: readonly BadSpec[] = [
  bad("a capital in its name", part({ name: "Shop" }), "name", "be lowercase words joined by"),
  bad("a service in capitals", service("WEB", {}), "services.WEB", "be named in a-z, digits and -"),
  bad(
    "a service called like the proxy",
    service("proxy", {}),
    "services.proxy",
    "leave the name of the proxy alone",
  ),
  bad(
    "a port for the whole world",
    service("db", { ports: ["5432:5432"] }),
    "services.db.ports",
    "be bound to 127.0.0.1",
  ),
  bad("a user by name", service("jobs", { user: "root" }), "services.jobs.user", 'be numeric "uid:gid"'),
  bad(
    "an endless stop",
    service("db", { stopGracePeriodSeconds: 9000 }),
    "services.db.stopGracePeriodSeconds",
    "be whole seconds from 1 to 600",
  ),
  bad(
    "a command of nothing",
    service("jobs", { command: [] }),
    "services.jobs.command",
    "start with a program",
  ),
  bad(
    "a check of no kind",
    service("jobs", { healthcheck: { ...HEALTHY, test: ["true"] } }),
    "services.jobs.healthcheck.test",
    "start with CMD or CMD-SHELL",
  ),
  bad(
    "a relative volume",
    service("db", { volumes: { data: "data" } }),
    "services.db.volumes.data",
    "be an absolute plain path",
  ),
  bad(
    "a port that is none",
    service("jobs", { expose: [0] }),
    "services.jobs.expose",
    "be ports from 1 to 65535",
  ),
  bad(
    "a NUL in a value",
    service("jobs", { environment: { A: "a\0b" } }),
    "services.jobs.environment.A",
    "hold no NUL",
  ),
  bad(
    "a variable of Homeport's",
    service("web", { environment: { HOMEPORT_X: "1" } }),
    "services.web.environment.HOMEPORT_X",
    "not start with HOMEPORT_",
  ),
  bad(
    "a secret in plain beside itself",
    service("web", { environment: { KEY: "x" } }),
    "services.web.environment.KEY",
    "leave secret KEY to secrets",
    true,
  ),
  bad(
    "a neighbour that is not there",
    service("web", { dependsOn: ["cache"] }),
    "services.web.dependsOn",
    "name services of this system",
  ),
  bad(
    "a mount of what is the host's",
    service("jobs", { mounts: { "/etc": "/etc2" } }),
    'services.jobs.mounts["/etc"]',
    "mount a directory that files declares",
  ),
  bad(
    "a writable mount of backups",
    service("jobs", { mounts: { "/opt/backups/postgres": "/b" } }),
    'services.jobs.mounts["/opt/backups/postgres"]',
    "be read-only",
    true,
  ),
  bad(
    "a volume for who starts first",
    service("web", { strategy: "start-first", volumes: { vol: "/v" } }),
    "services.web.strategy",
    "be stop-first with a volume",
    true,
  ),
  bad(
    "a host of another zone",
    site({ hostname: "evil.com" }),
    "sites[0].hostname",
    'be "@" or one lowercase label',
  ),
  bad(
    "a route to nobody",
    site({ routes: { "/": "app:80" } }),
    'sites[0].routes["/"]',
    "name a service of this system",
  ),
  bad("no route", site({ routes: {} }), "sites[0].routes", "hold at least one route", true),
  bad("a body of nothing", site({ maxBodyMb: 0 }), "sites[0].maxBodyMb", "be a whole number from 1 to 500"),
  bad(
    "a secret that is too short",
    part({ secrets: { KEY: { kind: "kept", minLength: 64, make: "hex:16" } } }),
    "secrets.KEY.make",
    "reach minLength 64",
  ),
  bad(
    "a database without service",
    part({ databases: [{ service: "pg", name: "shop", user: "shop" }] }),
    "databases[0].service",
    "name a service of this system",
  ),
  bad(
    "a quote in a database's name",
    part({ databases: [{ service: "db", name: "a'b", user: "b" }] }),
    "databases[0].name",
    "be a plain SQL name",
    true,
  ),
  bad(
    "a folder of the host's own",
    part({ files: { "/etc/shop": {}, "/srv/shop/uploads": {} } }),
    'files["/etc/shop"]',
    "be a place of its own",
    true,
  ),
  bad(
    "an owner by name",
    part({ files: { "/srv/shop/uploads": { owner: "me:me" } } }),
    `${UPLOADS}.owner`,
    'be numeric "uid:gid"',
  ),
  bad(
    "a folder that all may write",
    part({ files: { "/srv/shop/uploads": { mode: "0777" } } }),
    `${UPLOADS}.mode`,
    "be four octal digits",
    true,
  ),
  bad(
    "a way out of a backup",
    part({ files: { "/srv/shop/uploads": { exclude: ["../x"] } } }),
    `${UPLOADS}.exclude`,
    "be paths below the directory",
    true,
  ),
  bad("a unit as root", unit({ user: "root", uid: 800 }), "units.api.user", "be an account other than root"),
  bad(
    "a unit that is well at no path",
    unit({ healthPath: "up" }),
    "units.api.healthPath",
    "be a path of / and plain characters",
  ),
  bad(
    "a unit from anywhere",
    unit({ source: "/srv/api" }),
    "units.api.source",
    "be a folder relative to the project's",
  ),
  bad(
    "a unit in a folder of others",
    unit({ folder: "/etc/api" }),
    "units.api.folder",
    "be a folder of its own in /opt",
  ),
  bad(
    "a check of a stranger's host",
    part({
      checks: [{ id: "S3-19", title: "x", request: { site: "blog", path: "/" }, answer: { status: 200 } }],
    }),
    "checks[0].request.site",
    "be a site's hostname",
  ),
  bad(
    "a check without a path",
    part({ checks: [{ id: "S3-19", title: "x", request: { path: "up" }, answer: { status: 200 } }] }),
    "checks[0].request.path",
    "start with /",
    true,
  ),
  bad(
    "a limit of nothing at the edge",
    part({ edge: { rateLimits: [{ description: "login", expression: "true", requests: 0 }] } }),
    "edge.rateLimits[0].requests",
    "be a whole number above 0",
  ),
  bad(
    "somebody told of nothing",
    part({ edge: { notify: { emails: ["ops@example.org"] } } }),
    "edge.notify",
    "have something to tell of",
    true,
  ),
];
