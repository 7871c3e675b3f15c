import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { defineSystem, type ServiceSpec, type SystemSpec, type System } from "../../components/lib/system";
import type { Host } from "../../components/remote-step";
import { canary } from "./provider-answers";
import type { Graph, Recorded } from "./mocks";

export const LABELS = { project: "homeport", system: "running-calendar", stack: "test" };

/** A resource of nobody's. */
class Stub extends pulumi.CustomResource {}

/** A host whose server is the resource `the-server`; call after the graph is recorded. */
export function testHost(): Host {
  return {
    serverId: pulumi.output("42"),
    address: pulumi.output("192.0.2.10"),
    user: "ops",
    privateKey: pulumi.secret(canary("operator-private-key")),
    hostKey: "ssh-ed25519 PERMANENT",
    sshConfig: ".homeport/test/ssh_config",
    server: new Stub("test:index:Server", "the-server", {}),
  };
}

/** Docker's provider as `the-provider`. */
export function testProvider(): docker.Provider {
  return new docker.Provider("the-provider", { host: "ssh://ops@192.0.2.10" });
}

/** The least that a system can be: one web service, under the apex. */
export function smallSystem(service: Partial<ServiceSpec> = {}, secrets: SystemSpec["secrets"] = {}): System {
  const check = { test: ["CMD", "true"], intervalSeconds: 1, timeoutSeconds: 1, retries: 1 };
  const web = { image: "nginx:1.29", stopGracePeriodSeconds: 10 };
  return defineSystem({
    name: "small",
    services: { web: { ...web, healthcheck: { ...check, startPeriodSeconds: 1 }, ...service } },
    sites: [{ hostname: "@", routes: { "/": "web:80" } }],
    secrets,
  });
}

/** Something to wait for. */
export function milestone(name: string): pulumi.Resource {
  return new Stub("test:index:Milestone", name, {});
}

/**
 * What every component owes: children that are its own and carry its name, things on the host that go with the
 * server, steps that know which server they ran on, outputs registered. One line per fault, none when all is well.
 *
 * @param roots names that may stand without a parent
 */
export function houseFaults(graph: Graph, roots: readonly string[]): string[] {
  const isOurs = ({ type, isCustom }: Recorded): boolean => !isCustom && type.startsWith("homeport:");
  const components = new Set(graph.resources.filter(isOurs).map(({ name }) => name));
  const isOnHost = ({ type }: Recorded): boolean => /^(command|docker):/.test(type);
  const rules: readonly (readonly [fault: string, breaks: (resource: Recorded) => boolean])[] = [
    ["an orphan", ({ name, parent }) => parent === "" && !roots.includes(name)],
    [
      "not named after its component",
      ({ name, parent }) => components.has(parent) && !name.startsWith(`${parent}-`),
    ],
    ["does not go with the server", (resource) => isOnHost(resource) && resource.deletedWith === ""],
    ["not by the host's provider", ({ type, provider }) => type.startsWith("docker:") && provider === ""],
    ["registers no outputs", ({ name }) => components.has(name) && !graph.outputs.has(name)],
  ];
  return graph.resources
    .filter(({ type }) => !type.startsWith("test:"))
    .flatMap((resource) =>
      rules.filter(([, breaks]) => breaks(resource)).map(([fault]) => `${resource.name}: ${fault}`),
    );
}
