import { describe, expect, it } from "vitest";
import { containerArgs } from "../../components/lib/container-args";
import { defineSystem, type ServiceSpec, type SystemSpec } from "../../components/lib/system";
import { startOrder } from "../../components/lib/system-dependencies";
import { mountedBackups } from "../../components/lib/system-mounts";
import { compose } from "../../components/lib/system-secrets";
import { faultsOf, SERVICE } from "../support/systems";

const DB: ServiceSpec = { ...SERVICE, containerName: "x-db", volumes: { data: "/data" } };

function spec(web: Partial<ServiceSpec>, changes: Partial<SystemSpec> = {}): SystemSpec {
  return {
    name: "shop",
    services: { db: DB, web: { ...SERVICE, ...web } },
    sites: [{ hostname: "@", routes: { "/": "web:80" } }],
    databases: [{ service: "db", name: "shop", user: "shop" }],
    files: { "/srv/shop/uploads": {} },
    ...changes,
  };
}

const answer = (request: object, status: unknown = 200): Partial<SystemSpec> =>
  ({
    checks: [{ id: "S3-18", title: "x", request: { path: "/", ...request }, answer: { status } }],
  }) as never;
const command = (change: object): Partial<SystemSpec> => ({
  checks: [{ id: "S3-18", title: "x", service: "web", command: ["true"], ...change }],
});
const log = (change: object, service = "web"): Partial<SystemSpec> => ({
  checks: [{ ...{ id: "S3-17", title: "x", service }, log: { without: "secret", ...change } }],
});
const composed = (template: string): [Partial<ServiceSpec>, Partial<SystemSpec>] => [
  { secrets: ["DSN", "PASSWORD"], secretFiles: true, user: "1:1" },
  {
    secrets: {
      DSN: { kind: "composed", template },
      PASSWORD: { kind: "generated", length: 32, alphabet: "hex" },
    },
  },
];

describe("faults of the parts of a spec", () => {
  it.each<[string, SystemSpec, string]>([
    [
      "a mount of what is not declared",
      spec({ mounts: { "/etc": "/etc2" } }),
      'services.web.mounts["/etc"]: must mount a directory that files declares, or what lies below one, got /etc; ' +
        "fix: declare it in files, or use one of: /srv/shop/uploads, /opt/backups/postgres, /opt/backups/files",
    ],
    [
      "a mount that climbs out",
      spec({ mounts: { "/srv/shop/uploads/../..": "/a" } }),
      "must mount a directory",
    ],
    ["a writable backup", spec({ mounts: { "/opt/backups/postgres": "/b" } }), "be read-only: backups are"],
    [
      "a relative path inside",
      spec({ mounts: { "/srv/shop/uploads": "a" } }),
      "lead to an absolute plain path",
    ],
    [
      "the place of secrets",
      spec({ mounts: { "/srv/shop/uploads": "/run/secrets" } }),
      "lead to a path of its own, got /run/secrets",
    ],
    [
      "an unknown neighbour",
      spec({ dependsOn: ["cache"] }),
      "services.web.dependsOn: must name services of this",
    ],
    ["itself", spec({ dependsOn: ["web"] }), "lead in no circle"],
    [
      "one without a healthcheck",
      spec(
        { dependsOn: ["db"] },
        { services: { db: { ...DB, healthcheck: undefined }, web: { ...SERVICE, dependsOn: ["db"] } } },
      ),
      "name services with a healthcheck, got db; fix: add services.db.healthcheck",
    ],
    [
      "a database that waits for the application",
      spec({}, { services: { db: { ...DB, dependsOn: ["web"] }, web: SERVICE } }),
      "services.db.dependsOn: must name databases only",
    ],
    ["a composed secret of nothing", spec(...composed("postgres://")), "name a secret in braces"],
    ["of an unknown one", spec(...composed("{WORD}{PASSWORD}")), "name declared secrets, got WORD"],
    ["of itself", spec(...composed("{DSN}{PASSWORD}")), "name secrets that are not composed themselves"],
    [
      "of one that a stack may go without",
      spec(composed("{BEAT}")[0], {
        secrets: {
          ...composed("{BEAT}")[1].secrets,
          BEAT: { kind: "kept", optional: true },
        },
      }),
      "name secrets that every stack has, got BEAT",
    ],
    [
      "in an unknown encoding",
      spec(...composed("{PASSWORD:html}")),
      "encode as url, or not at all, got html",
    ],
    [
      "an unknown site",
      spec({}, answer({ site: "api" })),
      "checks[0].request.site: must be a site's hostname",
    ],
    ["an unknown token", spec({}, answer({ bearer: "TOKEN" })), "name a declared secret, got TOKEN"],
    ["a relative address", spec({}, answer({ path: "x" })), "checks[0].request.path: must start with /"],
    [
      "a secret that logs would hold",
      spec(
        { secrets: ["KEY"], secretFiles: true, user: "1:1" },
        { ...answer({ path: "/{KEY:url}" }), secrets: { KEY: { kind: "kept" } } },
      ),
      "name a secret only where",
    ],
    ["an impossible status", spec({}, answer({}, [200, 1000])), "be statuses from 200 to 599"],
    ["no status", spec({}, answer({}, [])), "be statuses from 200 to 599"],
    ["a command nowhere", spec({}, command({ service: "cache" })), "checks[0].service: must name a service"],
    [
      "a command of nothing",
      spec({}, command({ command: [] })),
      "checks[0].command: must start with a program",
    ],
    [
      "a broken pattern",
      spec({}, command({ prints: "(" })),
      "checks[0].prints: must be a regular expression",
    ],
    ["a log nowhere", spec({}, log({}, "cache")), "checks[0].service: must name a service"],
    [
      "a log of anything",
      spec({}, log({ without: "(" })),
      "checks[0].log.without: must be a regular expression",
    ],
    [
      "a log of no time",
      spec({}, log({ minutes: 0 })),
      "checks[0].log.minutes: must be a whole number from 1",
    ],
    [
      "an image without end",
      spec({ maxImageSize: "500" }),
      "services.web.maxImageSize: must be whole megabytes",
    ],
    ["an id", spec({}, command({ id: "later" })), "checks[0].id: must be a requirement's id"],
    ["a port that is none", spec({ expose: [0] }), "services.web.expose: must be ports from 1 to 65535"],
    [
      "an environment file elsewhere",
      spec({ environmentFile: "/etc/passwd" }),
      "services.web.environmentFile: must be a plain path in a folder below /etc, /opt or /srv that ends with .env, " +
        "got /etc/passwd; fix: write it like /etc/shop/shop.env",
    ],
    [
      "one that a container would see",
      spec({ environmentFile: "/srv/shop/uploads/shop.env" }),
      "must not lie in /srv/shop/uploads",
    ],
    [
      "one among our own",
      spec({ environmentFile: "/etc/homeport/x/y.env" }),
      "must not lie in /etc/homeport",
    ],
    ["one that climbs out", spec({ environmentFile: "/etc/../root/y.env" }), "be a plain path"],
    [
      "a value that Compose and a shell read differently",
      spec({ environmentFile: "/etc/shop/shop.env", environment: { MOTTO: "it's `now`" } }),
      "services.web.environment.MOTTO: must hold no ` beside ' or a \\ at its end: Compose's parser and a shell " +
        'would read it differently, got "a value"; fix: write it otherwise: it goes to /etc/shop/shop.env',
    ],
    [
      "two values in one file",
      spec(
        { environmentFile: "/etc/shop/shop.env", environment: { PORT: "80", MODE: "live" } },
        {
          services: {
            db: { ...DB, environmentFile: "/etc/shop/shop.env", environment: { PORT: "5432", MODE: "live" } },
            web: {
              ...SERVICE,
              environmentFile: "/etc/shop/shop.env",
              environment: { PORT: "80", MODE: "live" },
            },
          },
        },
      ),
      "services.web.environment.PORT: must be what services.db has, which shares /etc/shop/shop.env",
    ],
    ["an empty word", spec({ command: ["x", ""] }), "services.web.command: must hold no empty word"],
  ])("%s", (_, changed, fault) => {
    expect(faultsOf(changed)).toEqual([expect.stringContaining(fault)]);
  });

  it("none in what is right", () => {
    const [web, secrets] = composed("postgres://shop:{PASSWORD:url}@db:5432/shop");
    const mounts = { "/srv/shop/uploads/a": "/app/a", "/opt/backups/postgres": "/backups:ro" };
    expect(faultsOf(spec({ ...web, mounts, dependsOn: ["db"] }, secrets))).toEqual([]);
  });
});

describe("the parts", () => {
  it("start after what they depend on, otherwise in the order of the spec", () => {
    const services = { web: { dependsOn: ["api"] }, jobs: {}, db: {}, api: { dependsOn: ["db"] } };
    expect(startOrder(services)).toEqual(["db", "api", "web", "jobs"]);
  });

  it("write a password as a URL holds it, so that a client reads the same", () => {
    const password = "a/b:c@d?e#f%g h+i!'()*~é";
    const url = new URL(compose("postgres://me:{P:url}@db:5432/x", () => password));
    expect(decodeURIComponent(url.password)).toBe(password);
    expect([url.host, url.pathname]).toEqual(["db:5432", "/x"]);
    expect(compose('{"key":"{P}"}', () => "$&")).toBe('{"key":"$&"}');
  });

  it("mount directories, and a writable one makes a service stop-first unless it says otherwise", () => {
    const mounts = { "/srv/shop/uploads": "/app/uploads", "/opt/backups/postgres": "/backups:ro" };
    const system = defineSystem(spec({ mounts }));
    const service = system.services.web!;
    expect(service.strategy).toBe("stop-first");
    expect(mountedBackups(system)).toEqual(["postgres"]);
    const plan = {
      system: "shop",
      environment: {},
      imageId: "i",
      networkName: "n",
      secretsVersion: undefined,
    };
    expect(containerArgs<string>({ ...plan, service }).volumes).toEqual([
      { hostPath: "/srv/shop/uploads", containerPath: "/app/uploads", readOnly: false },
      { hostPath: "/opt/backups/postgres", containerPath: "/backups", readOnly: true },
    ]);
    expect(defineSystem(spec({ mounts, strategy: "start-first" })).services.web!.strategy).toBe(
      "start-first",
    );
    const readsOnly = { "/srv/shop/uploads": "/app/uploads:ro" };
    expect(defineSystem(spec({ mounts: readsOnly })).services.web!.strategy).toBe("start-first");
  });
});
