import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import type { OfferedImage } from "../../components/lib/server-image";
import type { Server } from "../../components/server";
import { houseFaults, LABELS } from "../support/component-bed";
import { isSecret, plain, recordGraph, settled, valueOf } from "../support/mocks";
import { canary } from "../support/provider-answers";

const OFFERED: OfferedImage = { name: "ubuntu-24.04" };
const images: OfferedImage[] = [];
const graph = recordGraph({ invokes: { "hcloud:index/getImages:getImages": { images } } });

describe("Server", () => {
  let kept: Server;
  const hooks: pulumi.ErrorHook[] = [];
  const before: pulumi.ResourceHook[] = [];

  beforeAll(async () => {
    const { Server } = await import("../../components/server");
    const { SshIdentity } = await import("../../components/ssh-identity");
    const operatorPublicKey = "ssh-ed25519 OPERATOR me@laptop";
    const identity = new SshIdentity("identity", { keyName: "key", operatorPublicKey, labels: LABELS });
    const args = {
      serverName: "running-calendar-test",
      serverType: "cx23",
      location: "nbg1",
      image: "ubuntu-24.04",
      operatorUser: "ops",
      operatorPublicKey,
      identity,
      firewallId: 7,
      labels: LABELS,
      hcloud: { endpoint: "https://api.example/v1", token: pulumi.secret(canary("hcloud-token")) },
      repairCommand: "npx homeport deploy --stack test",
    };
    const recordHooks: pulumi.ResourceTransformation = ({ opts }) => {
      hooks.push(...(opts.hooks?.onError ?? []));
      before.push(...((opts.hooks?.beforeCreate ?? []) as pulumi.ResourceHook[]));
      return undefined;
    };
    kept = new Server("kept", { ...args, enableProtection: true }, { transformations: [recordHooks] });
    new Server("free", { ...args, enableProtection: false });
    await settled();
  });

  it("is exactly a server that runs and the address that outlives it", () => {
    expect(graph.children("kept")).toEqual([
      "command:local:Command kept-power",
      "hcloud:index/primaryIp:PrimaryIp kept-ipv4",
      "hcloud:index/server:Server kept-host",
    ]);
    expect(houseFaults(graph, ["kept", "free", "identity"])).toEqual([]);
  });

  it("is powered on once, by a command that gets the token on stdin alone", () => {
    const { inputs } = graph.get("kept-power");
    expect(String(inputs.create)).toMatch(/^node scripts\/power-on\.js 'https:\/\/api\.example\/v1' \d+$/);
    expect(isSecret(inputs.stdin)).toBe(true);
    expect(plain(inputs.stdin)).toBe(canary("hcloud-token"));
    expect(inputs.triggers).toHaveLength(1);
    expect(inputs.logging).toBe("none");
  });

  it("asks for type, location and image as given, with the firewall from the first moment on (S1-3)", () => {
    expect(graph.get("kept-host").inputs).toMatchObject({
      name: "running-calendar-test",
      serverType: "cx23",
      location: "nbg1",
      image: "ubuntu-24.04",
      firewallIds: [7],
      shutdownBeforeDeletion: true,
    });
    expect(graph.get("kept-host").inputs).not.toHaveProperty("datacenter");
  });

  it("is not ordered with an image that Hetzner does not offer, or has deprecated; a preview says so (S2-1, H8)", async () => {
    const [hook] = before;
    const order = async (...offered: OfferedImage[]): Promise<void> => {
      images.splice(0, images.length, ...offered);
      await hook?.callback({} as pulumi.ResourceHookArgs);
    };
    expect(hook?.opts?.onDryRun).toBe(true);
    await expect(order(OFFERED)).resolves.toBeUndefined();
    await expect(order()).rejects.toThrow(/offers for cx23 \(x86\), got ubuntu-24.04/);
    await expect(order({ ...OFFERED, deprecated: "2029-05-31T00:00:00Z" })).rejects.toThrow(
      /deprecated it on 2029/,
    );
    expect(graph.calls).toContain("hcloud:index/getImages:getImages");
  });

  it("has an IPv4 address of its own and no IPv6 one (S1-4, S1-8)", async () => {
    const { inputs } = graph.get("kept-host");
    const [net] = inputs.publicNets as Record<string, unknown>[];

    expect(inputs.publicNets).toHaveLength(1);
    expect(net).toMatchObject({ ipv4Enabled: true, ipv6Enabled: false });
    expect(net?.ipv4).toBeTypeOf("number");
    expect(graph.get("kept-host").dependencies).toContain("kept-ipv4");
    expect(graph.get("kept-ipv4").inputs).toMatchObject({
      name: "running-calendar-test-ipv4",
      type: "ipv4",
      location: "nbg1",
      autoDelete: false,
      labels: LABELS,
    });
    expect(await valueOf(kept.address)).toBe("192.0.2.10");
  });

  it("is labelled, with the key that it was born with among the labels", () => {
    expect(graph.get("kept-host").inputs.labels).toEqual({ ...LABELS, bootstrap: "001122" });
  });

  it("is protected by Pulumi and by the provider where that is wished, and by neither where not", () => {
    for (const name of ["kept-host", "kept-ipv4"]) expect(graph.get(name).protect).toBe(true);
    expect(graph.get("kept-host").inputs).toMatchObject({ deleteProtection: true, rebuildProtection: true });
    expect(graph.get("kept-ipv4").inputs.deleteProtection).toBe(true);
    for (const name of ["free-host", "free-ipv4"]) expect(graph.get(name).protect).toBe(false);
    expect(graph.get("free-host").inputs).toMatchObject({
      deleteProtection: false,
      rebuildProtection: false,
    });
    expect(graph.get("free-ipv4").inputs.deleteProtection).toBe(false);
  });

  it("is not replaced because its first words, keys or image would be others today", () => {
    expect(graph.get("kept-host").ignoreChanges).toEqual(["userData", "sshKeys", "image"]);
  });

  it("takes its user-data as a secret that holds the bootstrap key and the operator's account", () => {
    const { userData } = graph.get("kept-host").inputs;
    const cloudConfig = parse(String(plain(userData))) as {
      ssh_keys: Record<string, string>;
      users: { name: string; ssh_authorized_keys: string[] }[];
    };

    expect(isSecret(userData)).toBe(true);
    expect(cloudConfig.ssh_keys.ecdsa_private).toContain(canary("identity-bootstrap"));
    expect(cloudConfig.ssh_keys.ecdsa_public).toBe("ecdsa-sha2-nistp256 AAAA\n");
    expect(cloudConfig.users).toMatchObject([
      { name: "ops", ssh_authorized_keys: ["ssh-ed25519 OPERATOR me@laptop"] },
    ]);
  });

  it.each([
    ["create", "server name is already used (uniqueness_error)", 1],
    ["create", "Post: EOF", 1],
    ["create", "resource_limit_exceeded", 0],
    ["delete", "Post: EOF", 0],
  ] as const)(
    "after a %s that failed with '%s' names the repair %d times",
    (failedOperation, error, times) => {
      const log = vi.spyOn(pulumi.log, "error").mockResolvedValue();
      const args = { failedOperation, errors: [error] } as unknown as pulumi.ErrorHookArgs;

      expect(hooks.map((hook) => hook.callback(args))).toEqual([false]);

      expect(log.mock.calls.map(([text]) => text)).toEqual(
        Array(times).fill(
          "the server may exist without being in state; fix: npx homeport deploy --stack test",
        ),
      );
    },
  );
});
