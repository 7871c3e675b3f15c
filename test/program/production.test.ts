import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import { CLOUDFLARE_RANGES } from "../../components/lib/cloudflare-ranges";
import { houseFaults } from "../support/component-bed";
import { isSecret, isSecretOutput, openTexts, plain, valueOf } from "../support/mocks";
import { CANARIES, productionStack, runProgram, type ProgramRun } from "../support/program";
import { HOST, OPERATOR } from "../support/valid-config";

/** S1 declares no directories and no rules of the edge: they add nothing to its graph. */
const UNDECLARED = [
  ...["homeport:edge:Acme", "homeport:files:Files", "homeport:units:SystemdUnit"],
  ...["Monitors", "Rulesets", "Turnstile"].map((noun) => `homeport:edge:${noun}`),
];

describe("the program with Pulumi.prod.yaml", () => {
  let run: ProgramRun;

  beforeAll(async () => {
    run = await runProgram(productionStack());
  }, 60_000);

  it("is made of every component, each with children that are its own", async () => {
    expect(houseFaults(run.graph, ["homeport-prod"])).toEqual([]);
    expect(
      run.graph
        .children("homeport-prod")
        .map((line) => line.split(" ")[1])
        .sort(),
    ).toEqual([
      ...["app", "backup", "dns", "docker", "edge", "firewall", "hardening", "identity"],
      ...["origin", "point-in-time", "protection", "proxy", "restore", "secrets", "server", "zone"],
    ]);
    expect(
      componentTypes().filter(
        (type) => !UNDECLARED.includes(type) && !run.graph.resources.some((made) => made.type === type),
      ),
    ).toEqual([]);
  });

  it("names each resource once", () => {
    const names = run.graph.resources.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(35);
    expect(new Set(names).size).toBe(names.length);
  });

  it("makes S1's server (S1-3)", () => {
    expect(run.graph.get("server-host").inputs).toMatchObject({
      name: "running-calendar-prod",
      serverType: "cx23",
      location: "nbg1",
      image: "ubuntu-24.04",
    });
  });

  it("opens no port to the world: SSH to the operator, 80 and 443 to the published edge (S1-8)", () => {
    const rules = run.graph.get("firewall-rules").inputs.rules as Record<string, unknown>[];
    expect(rules.map(({ port, protocol, sourceIps }) => [port ?? protocol, sourceIps])).toEqual([
      ["22", ["203.0.113.7/32"]],
      ["80", CLOUDFLARE_RANGES],
      ["443", CLOUDFLARE_RANGES],
      ["icmp", ["203.0.113.7/32"]],
    ]);
    expect(JSON.stringify(run.graph.resources)).not.toMatch(/0\.0\.0\.0\/0|"::\/0"/);
  });

  it("publishes the database on loopback only, and nothing else but the proxy's two ports", () => {
    const containers = run.graph.resources.filter(({ type }) => type === "docker:index/container:Container");
    const ports = containers.flatMap(({ name, inputs }) =>
      (inputs.ports as Record<string, unknown>[]).map(({ ip, external }) => [name, ip, external]),
    );
    expect(ports).toEqual([
      ["app-db", "127.0.0.1", 5432],
      ["proxy-caddy", undefined, 80],
      ["proxy-caddy", undefined, 443],
    ]);
  });

  it.each([
    ["the permanent host key", "hardening-host-key", ["server-host", "identity-bootstrap"]],
    ["SSH without a password", "hardening-ssh", ["hardening-host-key-only"]],
    ["every further step on the host", "hardening-packages", ["hardening-host-key-only", "hardening-ssh"]],
    ["the docker provider", "docker-provider", ["docker-engine", "hardening-packages"]],
    ["the database", "app-db", ["hardening-firewall", "hardening-ssh", "app-db-secrets", "docker-provider"]],
    ["the application", "app-web", ["app-db", "app-web-secrets", "app-entrypoint"]],
    ["the route", "proxy-route-web", ["app-web", "origin-install"]],
    ["the proxy", "proxy-caddy", ["hardening-firewall", "origin-install", "proxy-config"]],
    ["the origin's answer", "proxy-answers", ["proxy-caddy", "proxy-route-web", "app-web"]],
    ["strict", "edge-ssl", ["proxy-answers", "origin-certificate"]],
    ["the way to HTTPS", "edge-always-use-https", ["edge-ssl"]],
    ["the apex", "dns-apex", ["edge-ssl", "proxy-answers", "hardening-ssh", "server-ipv4"]],
    ["what reads backups", "backup-postgres", ["hardening-packages"]],
    [
      "the first backup",
      "backup-first-postgres",
      ["backup-postgres", "app-db", "app-web", "restore-databases"],
    ],
    ["www", "dns-www", ["edge-ssl", "proxy-answers", "hardening-ssh", "server-ipv4"]],
  ])("brings %s only after what it stands on (S1-31, H6)", (_, name, earlier) => {
    const before = run.graph.before(name);
    expect(earlier.filter((resource) => !before.has(resource))).toEqual([]);
    for (const resource of earlier) expect(run.graph.before(resource)).not.toContain(name);
  });

  it("replaces every step and container with the server: its id is a trigger, and it takes them along", () => {
    const onHost = run.graph.resources.filter(({ type }) => /^(command|docker):/.test(type));
    expect(onHost.map(({ deletedWith }) => deletedWith)).toEqual(onHost.map(() => "server-host"));
    const steps = onHost.filter(({ type }) => type.startsWith("command:"));
    expect(steps.length).toBeGreaterThan(12);
    for (const { name } of steps) expect(run.graph.get(name).dependencies).toContain("server-host");
  });

  it("protects server and address, and lets everything else be replaced, but nothing be destroyed", () => {
    const kept = run.graph.resources.filter(({ protect }) => protect).map(({ name }) => name);
    expect(kept.sort()).toEqual(["protection-whole", "server-host", "server-ipv4"]);
    // Pulumi keeps what a protected resource stands on, and goes on with the rest
    const standsOn = run.graph.before("protection-whole");
    const made = run.graph.resources.filter(({ isCustom }) => isCustom).map(({ name }) => name);
    expect(made.filter((name) => !standsOn.has(name))).toEqual(["protection-whole"]);
    expect(Object.keys(run.graph.get("protection-whole").inputs)).toEqual(["byteLength"]);
    expect(run.graph.get("server-host").inputs).toMatchObject({ deleteProtection: true });
  });

  it("labels everything at Hetzner with project, system and stack", () => {
    const atHetzner = run.graph.resources.filter(({ type }) => type.startsWith("hcloud:"));
    expect(atHetzner).toHaveLength(4);
    for (const { inputs } of atHetzner)
      expect(inputs.labels).toMatchObject({
        ...{ project: "homeport", system: "running-calendar", stack: "prod" },
      });
  });

  it("shows no secret in an input, an output or an export that is not one", async () => {
    const open = [
      ...run.graph.resources.map(({ name, inputs }) => [name, openTexts(inputs)] as const),
      ...(await openOutputs(run)),
    ];
    const leaks = open.flatMap(([name, texts]) =>
      Object.entries(CANARIES).flatMap(([secret, value]) =>
        texts.some((text) => holds(text, value)) ? [`${name} shows ${secret}`] : [],
      ),
    );
    expect(leaks).toEqual([]);
  });

  it("carries each secret where it is needed, so that the search above would have found it", () => {
    const everything = JSON.stringify(run.graph.resources);
    for (const name of ["operatorPrivateKey", "hostPrivateKey", "registryPassword", "made"])
      expect([name, everything.includes(CANARIES[name]!)]).toEqual([name, true]);
    for (const name of ["SECRET_KEY_BASE", "backupSecretAccessKey", "backupPassword"])
      expect(everything).toContain(Buffer.from(CANARIES[name]!).toString("base64"));
    // the providers read theirs from config: one resource carries a token, on stdin
    const carriers = run.graph.resources.filter((resource) =>
      ["hcloud:token", "cloudflare:apiToken"].some((name) =>
        JSON.stringify(resource).includes(CANARIES[name]!),
      ),
    );
    expect(carriers.map(({ name }) => name)).toEqual(["server-power"]);
  });

  it("gives user-data as a secret, with the bootstrap key and no other secret in it", () => {
    const { userData } = run.graph.get("server-host").inputs;
    expect(isSecret(userData)).toBe(true);
    const { made: _, ...kept } = CANARIES;
    expect(String(plain(userData))).toContain("identity-bootstrap");
    for (const value of Object.values(kept)) expect(plain(userData)).not.toContain(value);
  });

  it("exports what an operator and the next command ask for", async () => {
    const { exports } = run;
    expect(exports).toMatchObject({ url: "https://mxcorre.com", serverName: "running-calendar-prod" });
    const later = ["serverIp", "serverId", "zoneId", "ssh"] as const;
    const values = await Promise.all(later.map((name) => valueOf(pulumi.output(exports[name]))));
    expect(Object.fromEntries(later.map((name, at) => [name, values[at]]))).toEqual({
      serverIp: "192.0.2.10",
      serverId: expect.stringMatching(/^\d+$/) as string,
      zoneId: "zone-1",
      ssh: "ssh -F .homeport/prod/ssh_config ops@192.0.2.10",
    });
  });

  it("writes the SSH files that docker's provider and the guarded steps dial with", () => {
    expect(run.files[".homeport/prod/operator_key"]).toBe(OPERATOR.privateKey);
    expect(run.files[".homeport/prod/known_hosts"]).toContain(HOST.publicKey.split(" ")[1]);
    expect(run.files[".homeport/prod/ssh_config"]).toContain("HostKeyAlias homeport-prod");
  });
});

/** The type of every component there is, read from the files: one that the program forgets is missed. */
function componentTypes(): string[] {
  const folder = join(__dirname, "..", "..", "components");
  const files = readdirSync(folder).filter((file) => file.endsWith(".ts"));
  const types = files.flatMap((file) =>
    [...readFileSync(join(folder, file), "utf8").matchAll(/^const TYPE = "(.+)";$/gm)].map(
      (match) => match[1]!,
    ),
  );
  if (types.length < 12) throw new Error(`expected a type in each component's file, got ${types.join(", ")}`);
  return types;
}

/** As it is, or as base64 carries it at any of its three offsets. */
function holds(text: string, secret: string): boolean {
  const encoded = [0, 1, 2].map((offset) =>
    Buffer.from(" ".repeat(offset) + secret)
      .toString("base64")
      .slice(4, -4),
  );
  return [secret, ...encoded].some((form) => form.length > 3 && text.includes(form));
}

async function openOutputs({ graph, exports }: ProgramRun): Promise<(readonly [string, string[]])[]> {
  const all = [...graph.outputs, ["the exports", exports] as const].flatMap(([owner, outputs]) =>
    Object.entries(outputs).map(([name, value]) => [`${owner}.${name}`, pulumi.output(value)] as const),
  );
  return Promise.all(
    all.map(async ([name, output]) => {
      const shown = (await isSecretOutput(output)) ? [] : openTexts(await valueOf(output));
      return [name, shown] as const;
    }),
  );
}
