import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderCaddyfile } from "../../components/lib/caddyfile";
import { CLOUDFLARE_RANGES } from "../../components/lib/cloudflare-ranges";
import { defineSystem } from "../../components/lib/system";
import { runningCalendar } from "../../systems/running-calendar";
import { expectGolden } from "../support/golden";

const manySites = defineSystem({
  name: "many",
  services: { web: start(), api: start() },
  sites: [
    {
      hostname: "@",
      aliases: [{ hostname: "www", redirect: true }],
      routes: { "/": "web:3000", "/api": "api:8000" },
    },
    { hostname: "hooks", routes: { "/in/": "api:8000" }, maxBodyMb: 5 },
  ],
  files: { "/srv/many/logs": { backup: false } },
  accessLog: { directory: "/srv/many/logs", rollKeepDays: 7 },
});

function start() {
  const numbers = { intervalSeconds: 1, timeoutSeconds: 1, retries: 1, startPeriodSeconds: 0 };
  return { image: "x:1", stopGracePeriodSeconds: 10, healthcheck: { test: ["CMD", "true"], ...numbers } };
}

const SYSTEMS = [
  ["running-calendar", runningCalendar],
  ["many-sites", manySites],
] as const;

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "homeport-caddy-"));
  mkdirSync(join(directory, "tls"));
  mkdirSync(join(directory, "upstreams"));
  const [key, certificate] = ["origin.key", "origin.crt"].map((name) => join(directory, "tls", name)) as [
    string,
    string,
  ];
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=origin"];
  const names = ["-addext", "subjectAltName=DNS:mxcorre.com,DNS:*.mxcorre.com"];
  execFileSync("openssl", ["req", "-x509", ...ec, "-keyout", key, "-out", certificate, ...names], {
    stdio: "ignore",
  });
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** What Caddy itself says of the text: its JSON, after `caddy validate` accepted it. */
function adapted(text: string): CaddyConfig {
  const config = join(directory, "Caddyfile");
  writeFileSync(config, text);
  const home = {
    HOME: directory,
    XDG_DATA_HOME: directory,
    XDG_CONFIG_HOME: directory,
    PATH: process.env.PATH,
  };
  const run = (verb: string) =>
    spawnSync("caddy", [verb, "--config", config, "--adapter", "caddyfile"], { env: home });
  const validated = run("validate");
  expect(validated.stderr.toString()).not.toContain("Error:");
  expect(validated.status).toBe(0);
  return JSON.parse(run("adapt").stdout.toString()) as CaddyConfig;
}

interface CaddyConfig {
  readonly logging: {
    readonly logs: Record<string, { include?: string[]; encoder?: object; writer: Record<string, unknown> }>;
  };
  readonly apps: {
    readonly http: { readonly servers: Record<string, { listen: string[]; automatic_https?: object }> };
  };
}

const hasCaddy = spawnSync("caddy", ["version"]).status === 0;

describe.each(SYSTEMS)("renderCaddyfile for %s", (name, system) => {
  const { sites, accessLog } = system;
  const input = { sites, accessLog, domain: "mxcorre.com", edgeCidrs: CLOUDFLARE_RANGES };
  const own = (): string => renderCaddyfile({ ...input, directory, logDirectory: join(directory, "logs") });

  it("is the golden file", () => {
    expectGolden(`${name}.Caddyfile`, renderCaddyfile(input));
  });

  it.skipIf(!hasCaddy)(
    "is accepted by caddy before any upstream is known (skipped only without a caddy binary)",
    () => {
      const { servers } = adapted(own()).apps.http;

      expect(
        Object.values(servers)
          .flatMap((server) => server.listen)
          .sort(),
      ).toEqual([":443", ":80"]);
      expect(Object.values(servers).map((server) => server.automatic_https)).toEqual([
        { disable: true },
        { disable: true },
      ]);
    },
  );

  it.skipIf(!hasCaddy)(
    "keeps visits where the host wants them, and no header or query in any log (skipped only without a caddy binary)",
    () => {
      const { logs } = adapted(own()).logging;

      expect(logs.access?.writer).toEqual(
        accessLog && {
          ...{ output: "file", filename: join(directory, "logs", "access.log") },
          ...{ roll_size_mb: 10, roll_keep: 10, roll_keep_days: 7 },
        },
      );
      expect(logs.access?.include).toEqual(accessLog && ["http.log.access"]);
      for (const { encoder } of Object.values(logs)) {
        expect(encoder).toMatchObject({
          fields: { "request>headers": { filter: "delete" }, "request>uri": { filter: "regexp" } },
        });
      }
    },
  );

  it.skipIf(!hasCaddy)(
    "takes each service's upstream from its file (skipped only without a caddy binary)",
    () => {
      writeFileSync(join(directory, "upstreams", "web.caddy"), "to web-1a2b3c:3000\n");
      writeFileSync(join(directory, "upstreams", "api.caddy"), "to api-1a2b3c:8000\n");

      const text = JSON.stringify(adapted(own()));
      rmSync(join(directory, "upstreams", "web.caddy"));
      rmSync(join(directory, "upstreams", "api.caddy"));

      expect(text).toContain('"upstreams":[{"dial":"web-1a2b3c:3000"}]');
      expect(text.includes('"dial":"api-1a2b3c:8000"')).toBe(name === "many-sites");
    },
  );
});
