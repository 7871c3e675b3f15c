import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { importCompose, type Imported } from "../../cli/import/compose";
import { readVariables } from "../../cli/import/environment";
import { interpolate } from "../../cli/import/interpolate";
import { containerArgs } from "../../components/lib/container-args";
import { defineSystem, type SystemSpec } from "../../components/lib/system";
import { systemFaults } from "../../components/lib/system-rules";
import { compose } from "../../components/lib/system-secrets";
import { imported } from "../support/compose";

const GOLDEN = join(__dirname, "..", "golden", "compose");

function golden(name: string, variables: Record<string, string> = {}): Imported {
  const folder = join(GOLDEN, name);
  return importCompose({
    ...{ text: readFileSync(join(folder, "compose.yaml"), "utf8"), folder, variables, profiles: [] },
  });
}

/** What the docker plugin is told for each container. */
function containers(spec: SystemSpec): Record<string, ReturnType<typeof containerArgs<string>>> {
  const { name: system, services } = defineSystem(spec);
  const entries = Object.entries(services).map(([name, service]) => {
    const { environment, image = "" } = service;
    const place = { system, networkName: "n", imageId: image, secretsVersion: undefined };
    return [name, containerArgs({ ...place, service, environment })] as const;
  });
  return Object.fromEntries(entries);
}

describe("a CRM that publishes its server and front beside nginx", () => {
  const { spec } = golden("twenty");
  const all = containers(spec);

  it("publishes nothing but the proxy, and verify knows what has to be closed (S4-5)", () => {
    expect(Object.values(all).flatMap(({ ports }) => ports)).toEqual([]);
    expect(spec.sites.flatMap(({ routes }) => Object.values(routes))).toEqual(["front:3001", "server:3000"]);
    expect([spec.services.redis?.expose, spec.proxy]).toEqual([[6379], "nginx"]);
  });

  it("runs the containers that Compose would run", () => {
    expect(all.server).toMatchObject({
      ...{ name: "twenty-server", image: "twentycrm/twenty:v0.50.0", user: "1000:1000" },
      entrypoints: ["/run/homeport/with-secrets", "/app/entrypoint.sh"],
      command: ["node", "dist/src/main"],
      healthcheck: {
        tests: ["CMD-SHELL", "curl --fail http://localhost:3000/healthz"],
        interval: "5s",
        retries: 20,
      },
    });
    expect(all.server?.envs).toContain("REDIS_URL=redis://redis:6379");
    expect(all.server?.volumes[0]).toMatchObject({
      volumeName: "twenty-storage",
      containerPath: "/app/.local-storage",
    });
    expect(all.postgres?.volumes[0]).toMatchObject({ containerPath: "/var/lib/postgresql/data" });
    expect(all.redis?.healthcheck).toMatchObject({ tests: ["CMD", "redis-cli", "ping"], interval: "10s" });
    expect([spec.services.server?.dependsOn, spec.services.front?.dependsOn]).toEqual([
      ["postgres", "redis"],
      ["server"],
    ]);
  });
});

describe("a platform with directories and an environment file of the server's", () => {
  const variables = {
    ...readVariables(join(GOLDEN, "cleaning", "env")),
    ...{ METRICS_HOST: "metrics.example.org", METRICS_TOKEN: "hunter2-of-metrics" },
  };
  const { spec } = golden("cleaning", variables);

  it("keeps its uploads and reads its backups where they are (S3-3, S3-6)", () => {
    const { api, jobs } = containers(spec);
    const uploads = { hostPath: "/opt/cleaning/var/uploads", containerPath: "/app/var/uploads" };
    const backups = { hostPath: "/opt/backups/postgres", containerPath: "/opt/backups/postgres" };
    expect(api?.volumes.slice(0, 2)).toEqual([
      { ...uploads, readOnly: false },
      { ...backups, readOnly: true },
    ]);
    expect(jobs?.volumes[0]).toEqual({ ...uploads, readOnly: true });
    expect(spec.files).toEqual({ "/opt/cleaning/var/uploads": { owner: "1000:1000" } });
    expect(spec.services.jobs?.environmentFile).toBe("/etc/cleaning/cleaning.env");
  });

  it("makes of its secrets the values that Compose would", () => {
    const file = parse(readFileSync(join(GOLDEN, "cleaning", "compose.yaml"), "utf8"), { merge: true }) as {
      services: { api: { environment: Record<string, string> } };
    };
    const environment = file.services.api.environment;
    const composed = Object.entries(spec.secrets ?? {}).flatMap(([name, secret]) =>
      secret.kind === "composed" ? [[name, secret.template] as const] : [],
    );
    expect(composed.map(([name]) => name)).toEqual(["DATABASE_URL", "REDIS_URL", "METRICS_URL"]);
    for (const [name, template] of composed) {
      const made = compose(template, (part) => Reflect.get(variables, part) as string);
      expect(made).toBe(interpolate(environment[name] ?? "", variables).text);
    }
  });

  it("lets a health check read the secret that it asks for", () => {
    const test = spec.services.redis?.healthcheck?.test.at(-1);
    expect(test).toBe('redis-cli -a "$(cat /run/secrets/REDIS_PASSWORD)" ping');
  });
});

describe("secrets in other values", () => {
  const DSN = "postgres://app:${DB_PASSWORD}@db/app";
  const one = (environment: object, variables = {}): Imported =>
    imported(
      { web: { image: "shop:1", user: "1:1", entrypoint: ["a"], command: ["b"], environment } },
      variables,
    );

  it("are asked for once, by the name that a container has for them", () => {
    const { spec } = one({ URL: DSN, PASS: "${DB_PASSWORD}", DB_PASSWORD: "${DB_PASSWORD}" });
    expect(spec.secrets).toEqual({
      DB_PASSWORD: { kind: "kept" },
      URL: { kind: "composed", template: "postgres://app:{DB_PASSWORD:url}@db/app" },
      PASS: { kind: "composed", template: "{DB_PASSWORD}" },
    });
    expect(systemFaults(spec)).toEqual([]);
  });

  it("are found in an address that has the password written out", () => {
    const DB_PASSWORD = "hunter2 & co";
    const { spec } = one({ DB_PASSWORD, URL: `postgres://app:${encodeURIComponent(DB_PASSWORD)}@db/app` });
    expect(spec.secrets?.URL).toEqual({
      ...{ kind: "composed", template: "postgres://app:{DB_PASSWORD:url}@db/app" },
    });
  });

  it("stay whole where the rest may be a secret, or would be read as a template", () => {
    const whole = {
      ...{
        A_TOKEN: "prefix-${REST}",
        B: "https://u:${P}@x/?api_key=hunter2",
        C: "${P} {NAME}",
        D: "${lower}/x",
      },
    };
    const { spec } = one(whole);
    expect(Object.values(spec.secrets ?? {}).map(({ kind }) => kind)).toEqual([
      "kept",
      "kept",
      "kept",
      "kept",
    ]);
    expect(JSON.stringify(spec)).not.toContain("hunter2");
  });

  it("are not what the system says anyway: services, databases, ports", () => {
    const environment = {
      HOST: "${DB_HOST}",
      DB_PORT: "${DB_PORT}",
      URL: "postgres://${U}:${P}@${DB_HOST}:${DB_PORT}/x",
    };
    const db = { image: "postgres:17", environment: { POSTGRES_USER: "${U}", POSTGRES_PASSWORD: "${P}" } };
    const variables = { DB_HOST: "db", DB_PORT: "5432", U: "shop", P: "hunter2" };
    const { spec } = imported({ web: { image: "shop:1", environment }, db }, variables);
    expect(spec.services.web?.environment).toEqual({ HOST: "db", DB_PORT: "5432" });
    expect(spec.secrets).toEqual({
      POSTGRES_PASSWORD: { kind: "kept" },
      URL: { kind: "composed", template: "postgres://shop:{POSTGRES_PASSWORD:url}@db:5432/x" },
    });
  });
});
