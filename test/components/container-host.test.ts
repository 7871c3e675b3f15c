import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import { houseFaults, milestone, testHost } from "../support/component-bed";
import { isSecret, openTexts, plain, recordGraph, settled } from "../support/mocks";
import { CANARY, canary } from "../support/provider-answers";

const graph = recordGraph();

describe("ContainerHost", () => {
  beforeAll(async () => {
    const { ContainerHost } = await import("../../components/container-host");
    new ContainerHost("docker", {
      host: testHost(),
      packagesReady: milestone("packages"),
      registry: { server: "ghcr.io", username: "mxcorre", password: pulumi.secret(canary("registry")) },
    });
    await settled();
  });

  it("is exactly the engine on the host and the provider that speaks to it", () => {
    expect(graph.children("docker")).toEqual([
      "command:remote:Command docker-engine",
      "command:remote:Command docker-login",
      "pulumi:providers:docker docker-provider",
    ]);
    expect(houseFaults(graph, ["docker"])).toEqual([]);
  });

  it("sets up the engine when the packages are there, for the operator's account", () => {
    expect(graph.get("docker-engine").dependencies).toContain("packages");
    expect(graph.get("docker-engine").inputs.create).toBe("sudo -n bash -s -- 'ops'");
    expect(graph.get("docker-engine").inputs.stdin).toContain("docker_daemon");
  });

  it("dials through the pinned ssh config, when the engine is up, and not at all in a preview", () => {
    const { inputs, dependencies } = graph.get("docker-provider");

    expect(inputs.host).toBe("ssh://ops@192.0.2.10");
    expect(JSON.parse(String(inputs.sshOpts))).toEqual([
      ...["-F", ".homeport/test/ssh_config"],
      // one of its own, or the plugin adds 30 s
      ...["-o", "ConnectTimeout=10"],
    ]);
    expect(String(inputs.disableDockerDaemonCheck)).toBe("true");
    expect(dependencies).toContain("docker-engine");
  });

  it("logs root in to the registry, the token on stdin alone, before anything is pulled (S1-6)", () => {
    const { inputs, dependencies } = graph.get("docker-login");

    expect(inputs.create).toBe("sudo -n bash -s -- 'ghcr.io' 'mxcorre'");
    expect(isSecret(inputs.stdin)).toBe(true);
    expect(String(plain(inputs.stdin)).endsWith(canary("registry"))).toBe(true);
    expect(inputs.logging).toBe("none");
    expect(dependencies).toContain("docker-engine");
    expect(graph.get("docker-provider").dependencies).toContain("docker-login");
  });

  it("hands the registry's password over as a secret, with each pull", () => {
    const { registryAuth } = graph.get("docker-provider").inputs;

    expect(isSecret(registryAuth)).toBe(true);
    expect(JSON.parse(String(plain(registryAuth)))).toEqual([
      { address: "ghcr.io", username: "mxcorre", password: canary("registry") },
    ]);
    expect(openTexts(graph.resources.map(({ inputs }) => inputs)).join()).not.toContain(CANARY);
  });
});
