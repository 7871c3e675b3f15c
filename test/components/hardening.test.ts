import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import { isSecret, plain, recordChildren, recordResources, settled, type Recorded } from "../support/mocks";

const recorded: Recorded[] = recordResources();

describe("Hardening", () => {
  const { children, option } = recordChildren();

  beforeAll(async () => {
    const { Hardening } = await import("../../components/hardening");
    const server = new pulumi.ComponentResource("test:index:Server", "server");
    const host = {
      serverId: pulumi.output("42"),
      address: pulumi.output("192.0.2.10"),
      user: "ops",
      privateKey: pulumi.secret("operator-private-key"),
      hostKey: "ssh-ed25519 PERMANENT",
      sshConfig: ".homeport/test/ssh_config",
      server,
    };
    new Hardening(
      "hardening",
      {
        newborn: { ...host, hostKey: "ecdsa-sha2-nistp256 BOOTSTRAP" },
        host,
        hostPrivateKey: pulumi.secret("host-private-key"),
        upgradeSchedule: "0 4 * * 0",
      },
      option,
    );
    await settled();
  });

  const inputsOf = (name: string): Readonly<Record<string, unknown>> => {
    const found = recorded.find((resource) => resource.name === name);
    if (found === undefined)
      throw new Error(`${name} was not made: ${recorded.map((r) => r.name).join(", ")}`);
    return found.inputs;
  };
  const connectionOf = (name: string): Record<string, unknown> =>
    plain(inputsOf(name).connection) as Record<string, unknown>;

  it("has exactly its steps, each with it as parent", () => {
    const commands = recorded.filter(({ type }) => type.startsWith("command:"));
    expect(commands.map(({ type, name }) => `${type} ${name}`).sort()).toEqual([
      "command:local:Command hardening-firewall",
      "command:local:Command hardening-ssh",
      "command:remote:Command hardening-fail2ban",
      "command:remote:Command hardening-host-key",
      "command:remote:Command hardening-host-key-only",
      "command:remote:Command hardening-packages",
    ]);
    expect([...children.keys()].sort()).toEqual([...commands.map(({ name }) => name), "hardening"].sort());
  });

  it("dials the newborn with the bootstrap key pinned and everything after with the permanent one", () => {
    expect(plain(connectionOf("hardening-host-key").hostKey)).toBe("ecdsa-sha2-nistp256 BOOTSTRAP");
    expect(plain(connectionOf("hardening-host-key-only").hostKey)).toBe("ssh-ed25519 PERMANENT");
    expect(plain(connectionOf("hardening-packages").hostKey)).toBe("ssh-ed25519 PERMANENT");
  });

  it("keeps the first step from running again on the same server", () => {
    expect(children.get("hardening-host-key")?.ignoreChanges).toEqual([
      "connection",
      "create",
      "update",
      "stdin",
    ]);
  });

  it("brings the host key by stdin alone, secret and unlogged", () => {
    const step = inputsOf("hardening-host-key");
    expect(isSecret(step.stdin)).toBe(true);
    expect(String(plain(step.stdin))).toContain("host-private-key\n");
    expect(step.logging).toBe("none");
    expect(JSON.stringify(step.create)).not.toContain("host-private-key");
  });

  it("names the server among each step's triggers, since a kept address tells nothing", () => {
    const steps = recorded.filter(({ type }) => type.startsWith("command:"));
    for (const { inputs } of steps) expect((inputs.triggers as unknown[])[0]).toBe("42");
  });

  it("runs the same command on create and on update, as root, with quoted arguments", () => {
    const step = inputsOf("hardening-packages");
    expect(step.create).toBe("sudo -n bash -s -- '0 4 * * 0'");
    expect(step.update).toBe(step.create);
  });

  it("runs a guarded step through the local ssh with the pinned config", () => {
    expect(inputsOf("hardening-ssh").create).toBe(
      "'bash' 'scripts/guarded-step.sh' '.homeport/test/ssh_config' ops@192.0.2.10 ssh 'ops'",
    );
  });
});
