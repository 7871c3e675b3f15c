import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import { runningCalendar } from "../../systems/running-calendar";
import { houseFaults, milestone, smallSystem, testHost, testProvider } from "../support/component-bed";
import { isSecret, openTexts, plain, recordGraph, settled } from "../support/mocks";
import { CANARY, canary } from "../support/provider-answers";

const graph = recordGraph();
const ROOTS = [
  "app",
  "secrets",
  "bare",
  "bare-secrets",
  "told",
  "told-secrets",
  "weighed",
  "weighed-secrets",
  "the-provider",
];
const WITH_TOKEN = { secrets: ["TOKEN"], secretFiles: true, user: "1000:1000" };
const FILE = "told-environment-etc-small-small-env";

describe("ContainerStack", () => {
  beforeAll(async () => {
    const { ContainerStack } = await import("../../components/container-stack");
    const { Secrets } = await import("../../components/secrets");
    const kept = { SECRET_KEY_BASE: pulumi.secret(canary("secret-key-base")) };
    const common = { host: testHost(), provider: testProvider(), hardened: milestone("hardened") };
    new ContainerStack("app", {
      ...common,
      system: runningCalendar,
      images: { db: "postgres:16", web: "ghcr.io/mxcorre/calendar@sha256:1" },
      environment: { db: { POSTGRES_DB: "calendar" }, web: { DB_HOST: "running_calendar-db" } },
      secrets: new Secrets("secrets", { system: runningCalendar, kept }),
    });
    const bare = smallSystem();
    new ContainerStack("bare", {
      ...{ ...common, system: bare, images: { web: "nginx:1.29" }, environment: {} },
      secrets: new Secrets("bare-secrets", { system: bare, kept: {} }),
    });
    const weighed = smallSystem({ maxImageSize: "1MB" });
    new ContainerStack("weighed", {
      ...{ ...common, system: weighed, images: { web: "nginx:1.29" }, environment: {} },
      secrets: new Secrets("weighed-secrets", { system: weighed, kept: {} }),
    });
    const told = smallSystem(
      { ...{ environmentFile: "/etc/small/small.env", environment: { MODE: "not this" } }, ...WITH_TOKEN },
      { TOKEN: { kind: "kept" } },
    );
    new ContainerStack("told", {
      ...{ ...common, system: told, images: { web: "nginx:1.29" } },
      environment: { web: { MODE: "it's live" } },
      secrets: new Secrets("told-secrets", { system: told, kept: { TOKEN: pulumi.secret(canary("token")) } }),
    });
    await settled();
  });

  const linesOf = (name: string): Record<string, string> => {
    const [, input] = String(plain(graph.get(name).inputs.stdin)).split(
      /^\{\n {2}main "\$@"\n {2}exit\n\}\n/m,
    );
    const lines = input?.trim().split("\n") ?? [];
    const pairs = lines.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]);
    return Object.fromEntries(pairs.map(([name, text]) => [name, Buffer.from(text, "base64").toString()]));
  };

  it("is exactly network, volume, entrypoint, and image, secrets and container of each service", () => {
    expect(graph.children("app")).toEqual([
      "command:remote:Command app-db-secrets",
      "command:remote:Command app-entrypoint",
      "command:remote:Command app-web-secrets",
      "docker:index/container:Container app-db",
      "docker:index/container:Container app-web",
      "docker:index/network:Network app-network",
      "docker:index/remoteImage:RemoteImage app-db-image",
      "docker:index/remoteImage:RemoteImage app-web-image",
      "docker:index/volume:Volume app-running_calendar_postgres",
    ]);
    expect(houseFaults(graph, ROOTS)).toEqual([]);
  });

  it("weighs an image between its pull and the container that it is for (S4-1)", () => {
    const weighed = graph.get("weighed-web-image-size");
    expect(weighed.dependencies).toContain("weighed-web-image");
    expect(String(plain(weighed.inputs.create))).toContain(
      "'web' 'nginx:1.29' 'sha256:weighed-web-image' '1000000'",
    );
    expect(graph.get("weighed-web").dependencies).toContain("weighed-web-image-size");
  });

  it("asks for no secrets step and no volume where a service has none", () => {
    expect(graph.children("bare")).toEqual([
      "command:remote:Command bare-entrypoint",
      "docker:index/container:Container bare-web",
      "docker:index/network:Network bare-network",
      "docker:index/remoteImage:RemoteImage bare-web-image",
    ]);
    expect(graph.get("bare-web").inputs.volumes).toEqual([]);
    expect(graph.get("bare-web").inputs).not.toHaveProperty("entrypoints");
  });

  it("sends everything on the host to the host's own provider, and lets it go with the server", () => {
    const onHost = graph.resources.filter(({ type }) => /^(docker|command):/.test(type));

    expect(onHost).toHaveLength(24);
    for (const { deletedWith } of onHost) expect(deletedWith).toBe("the-server");
    for (const { type, provider } of onHost)
      if (type.startsWith("docker:")) expect(provider).toBe("the-provider");
  });

  it("names the database as S1-15 does, stops it first, and gives it a minute to write", () => {
    const db = graph.get("app-db");

    expect(db.deleteBeforeReplace).toBe(true);
    expect(db.inputs).toMatchObject({
      name: "running_calendar-db",
      image: "sha256:app-db-image",
      ports: [{ ip: "127.0.0.1", external: 5432, internal: 5432, protocol: "tcp" }],
      destroyGraceSeconds: 60,
      restart: "unless-stopped",
      mustRun: true,
      wait: true,
    });
    expect(db.inputs.volumes).toEqual([
      {
        volumeName: "running_calendar_postgres",
        containerPath: "/var/lib/postgresql/data",
        readOnly: false,
      },
      { hostPath: "/etc/homeport/secrets/db", containerPath: "/run/secrets", readOnly: true },
    ]);
    expect(db.inputs.envs).toEqual([
      "POSTGRES_DB=calendar",
      "POSTGRES_PASSWORD_FILE=/run/secrets/POSTGRES_PASSWORD",
    ]);
  });

  it("starts the application's successor first: no name, alias only, healthy before the old one goes (S1-21)", () => {
    const web = graph.get("app-web");

    expect(web.deleteBeforeReplace).toBe(false);
    expect(web.inputs).not.toHaveProperty("name");
    expect(web.inputs).toMatchObject({
      image: "sha256:app-web-image",
      ports: [],
      networksAdvanced: [{ name: "running-calendar", aliases: ["web"] }],
      user: "1000:1000",
      capabilities: { drops: ["ALL"] },
      entrypoints: ["/run/homeport/with-secrets", "entrypoint"],
      destroyGraceSeconds: 30,
      wait: true,
    });
    expect(web.inputs.envs).toEqual(["DB_HOST=running_calendar-db"]);
  });

  it("keeps volumes when it lets them go, without labels whose change would delete live data", () => {
    const volume = graph.get("app-running_calendar_postgres");

    expect(volume.retainOnDelete).toBe(true);
    expect(volume.inputs).toEqual({ name: "running_calendar_postgres" });
  });

  it("keeps images on the host", () => {
    expect(graph.get("app-db-image").inputs).toEqual({ name: "postgres:16", keepLocally: true });
    expect(graph.get("app-web-image").inputs).toEqual({
      ...{ name: "ghcr.io/mxcorre/calendar@sha256:1", keepLocally: true },
    });
  });

  it("starts a container when the firewall stands, its secrets lie there and the one before it is healthy", () => {
    const { dependencies } = graph.get("app-web");

    for (const earlier of ["hardened", "app-web-secrets", "app-entrypoint", "app-db", "app-network"])
      expect(dependencies).toContain(earlier);
    for (const earlier of ["hardened", "app-db-secrets"])
      expect(graph.get("app-db").dependencies).toContain(earlier);
    expect(graph.get("app-db").dependencies).not.toContain("app-web");
  });

  it("brings each service its own secrets by stdin alone, for its own user", () => {
    const step = graph.get("app-web-secrets");

    expect(isSecret(step.inputs.stdin)).toBe(true);
    expect(step.inputs).toMatchObject({
      ...{ create: "sudo -n bash -s -- 'web' '1000:1000'", logging: "none" },
    });
    expect(step.secretOutputs).toEqual(expect.arrayContaining(["stdout", "stderr"]));
    expect(Object.keys(linesOf("app-db-secrets"))).toEqual(["POSTGRES_PASSWORD"]);
    expect(linesOf("app-web-secrets")).toEqual({
      POSTGRES_PASSWORD: linesOf("app-db-secrets").POSTGRES_PASSWORD,
      SECRET_KEY_BASE: canary("secret-key-base"),
    });
    expect(openTexts(graph.resources.map(({ inputs }) => inputs)).join()).not.toContain(CANARY);
  });

  it("writes what a service is told into its file, secrets too, by stdin alone (S3-2, S3-7)", () => {
    const { inputs, deleteBeforeReplace } = graph.get(FILE);

    expect(inputs.create).toBe("sudo -n bash -s -- '/etc/small/small.env'");
    expect(isSecret(inputs.stdin)).toBe(true);
    expect(String(plain(inputs.stdin)).split("\n  exit\n}\n").at(-1)).toBe(
      `MODE="it's live"\nTOKEN='${canary("token")}'\n`,
    );
    expect(graph.get("told-web").inputs.envs).toEqual(["MODE=it's live", "TOKEN_FILE=/run/secrets/TOKEN"]);
    // gone with its declaration, and never after its successor was written
    expect(inputs.delete).toBe("cat >/dev/null && sudo -n rm -f -- '/etc/small/small.env'");
    expect(deleteBeforeReplace).toBe(true);
  });

  it("makes a container anew when its secrets change: their version is a label", () => {
    const label = { label: "homeport.secrets", value: "0123456789ab" };
    expect(graph.get("app-web").inputs.labels).toContainEqual(label);
    expect(graph.get("app-web").dependencies).toContain("secrets-web-version");
    expect(graph.get("bare-web").inputs.labels).toEqual([
      { label: "homeport.service", value: "web" },
      { label: "homeport.system", value: "small" },
    ]);
  });
});
