import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import { houseFaults, milestone, testHost } from "../support/component-bed";
import { isSecret, plain, recordGraph, settled } from "../support/mocks";

const graph = recordGraph();

describe("Hardening", () => {
  beforeAll(async () => {
    const { Hardening } = await import("../../components/hardening");
    const host = testHost();
    new Hardening("hardening", {
      newborn: { ...host, hostKey: "ecdsa-sha2-nistp256 BOOTSTRAP" },
      host,
      running: milestone("running"),
      hostPrivateKey: pulumi.secret("host-private-key"),
      ...{ upgradeSchedule: "0 4 * * 0", upgradeReboot: false, packages: ["git", "a|b"] },
    });
    await settled();
  });

  const inputsOf = (name: string): Readonly<Record<string, unknown>> => graph.get(name).inputs;
  const connectionOf = (name: string): Record<string, unknown> =>
    plain(inputsOf(name).connection) as Record<string, unknown>;

  it("has exactly its steps, which go with the server", () => {
    expect(graph.children("hardening")).toEqual([
      "command:local:Command hardening-firewall",
      "command:local:Command hardening-ssh",
      "command:remote:Command hardening-fail2ban",
      "command:remote:Command hardening-host-key",
      "command:remote:Command hardening-host-key-only",
      "command:remote:Command hardening-packages",
    ]);
    expect(houseFaults(graph, ["hardening"])).toEqual([]);
  });

  it("exchanges the host key before all else, and never has two guards at a time (S1-11)", () => {
    expect(graph.get("hardening-host-key").dependencies).toContain("running");
    expect(graph.get("hardening-host-key-only").dependencies).toContain("hardening-host-key");
    expect(graph.get("hardening-ssh").dependencies).toContain("hardening-host-key-only");
    // no reload of sshd once something dials that does not dial again, as Docker's plugin
    expect(graph.get("hardening-packages").dependencies).toContain("hardening-ssh");
    expect(graph.get("hardening-firewall").dependencies).toContain("hardening-packages");
    expect(graph.get("hardening-fail2ban").dependencies).toContain("hardening-packages");
  });

  it("dials the newborn with the bootstrap key pinned and everything after with the permanent one", () => {
    expect(plain(connectionOf("hardening-host-key").hostKey)).toBe("ecdsa-sha2-nistp256 BOOTSTRAP");
    expect(plain(connectionOf("hardening-host-key-only").hostKey)).toBe("ssh-ed25519 PERMANENT");
    expect(plain(connectionOf("hardening-packages").hostKey)).toBe("ssh-ed25519 PERMANENT");
  });

  it("keeps the first step from running again on the same server", () => {
    expect(graph.get("hardening-host-key").ignoreChanges).toEqual([
      "connection",
      "create",
      "update",
      "stdin",
    ]);
  });

  it("lets nothing but a new server trigger the first step: another script must not dial with a key that is gone", () => {
    expect(inputsOf("hardening-host-key").triggers).toEqual(["42"]);
    expect((inputsOf("hardening-host-key-only").triggers as unknown[]).length).toBeGreaterThan(1);
  });

  it("lets nothing but a new server make the first step run again, a changed script neither", () => {
    expect(inputsOf("hardening-host-key").triggers).toEqual(["42"]);
    expect(inputsOf("hardening-host-key-only").triggers).toHaveLength(3);
  });

  it("brings the host key by stdin alone, secret and unlogged", () => {
    const step = inputsOf("hardening-host-key");
    expect(isSecret(step.stdin)).toBe(true);
    expect(String(plain(step.stdin))).toContain("host-private-key\n");
    expect(step.logging).toBe("none");
    expect(JSON.stringify(step.create)).not.toContain("host-private-key");
  });

  it("names the server among each step's triggers, since a kept address tells nothing", () => {
    const steps = graph.resources.filter(({ type }) => type.startsWith("command:"));
    expect(steps).toHaveLength(6);
    for (const { inputs } of steps) expect((inputs.triggers as unknown[])[0]).toBe("42");
  });

  it("runs the same command on create and on update, as root, with quoted arguments", () => {
    const step = inputsOf("hardening-packages");
    expect(step.create).toBe("sudo -n bash -s -- '0 4 * * 0' 'false' 'git' 'a|b'");
    expect(step.update).toBe(step.create);
  });

  it("runs a guarded step through the local ssh with the pinned config", () => {
    expect(inputsOf("hardening-ssh").create).toBe(
      "'bash' 'scripts/guarded-step.sh' '.homeport/test/ssh_config' ops@192.0.2.10 ssh 'ops'",
    );
  });
});
