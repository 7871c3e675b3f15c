import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../components/lib/hash";
import { remoteScript } from "../../components/lib/scripts";
import type { Host } from "../../components/remote-step";
import { testHost } from "../support/component-bed";
import { isSecret, openTexts, plain, recordGraph, settled } from "../support/mocks";
import { CANARY, canary } from "../support/provider-answers";

const graph = recordGraph();
const NASTY = `it's "$(reboot)" \`id\`; # \\ \n two`;

describe("RemoteStep", () => {
  let host: Host;

  beforeAll(async () => {
    const { RemoteStep } = await import("../../components/remote-step");
    host = testHost();
    new RemoteStep("open", { host, script: "61-entrypoint.sh" });
    new RemoteStep("closed", {
      host,
      script: "60-secrets.sh",
      arguments: ["web", NASTY],
      stdin: pulumi.secret(`A=${canary("stdin")}\n`),
      triggers: ["more"],
    });
    new RemoteStep("plain-input", { host, script: "61-entrypoint.sh", stdin: "not marked as a secret" });
    new RemoteStep("moved", { host: { ...host, serverId: pulumi.output("43") }, script: "61-entrypoint.sh" });
    await settled();
  });

  it("dials the host's address as the account, believes its one key, and keeps the private key secret", () => {
    const { connection } = graph.get("open").inputs;

    expect(isSecret(connection)).toBe(true);
    expect(plain(connection)).toMatchObject({
      host: "192.0.2.10",
      user: "ops",
      hostKey: "ssh-ed25519 PERMANENT",
      privateKey: canary("operator-private-key"),
    });
  });

  it("sends lib.sh and the script, then the script's own input, on stdin", () => {
    const script = remoteScript("60-secrets.sh");

    expect(graph.get("open").inputs.stdin).toBe(remoteScript("61-entrypoint.sh"));
    expect(plain(graph.get("closed").inputs.stdin)).toBe(`${script}A=${canary("stdin")}\n`);
    // bash must stop reading where the script's own input begins
    expect(script).toMatch(/\n\{\n {2}main "\$@"\n {2}exit\n\}\n$/);
    expect(script.indexOf("set -Eeuo pipefail")).toBeLessThan(script.indexOf("60-secrets.sh"));
  });

  it("takes an input as secret, whoever made it, and then logs nothing and hides what comes back", () => {
    for (const name of ["closed", "plain-input"]) {
      const { inputs, secretOutputs } = graph.get(name);
      expect(isSecret(inputs.stdin)).toBe(true);
      expect(inputs.logging).toBe("none");
      expect(secretOutputs).toEqual(expect.arrayContaining(["stdout", "stderr"]));
    }
    expect(graph.get("open").inputs.logging).toBe("stdout");
    expect(graph.get("open").secretOutputs).not.toContain("stdout");
    expect(openTexts(graph.resources.map(({ inputs }) => inputs)).join()).not.toContain(CANARY);
  });

  it("quotes each argument as one word", () => {
    const { create, update } = graph.get("closed").inputs;

    expect(create).toBe(`sudo -n bash -s -- 'web' '${NASTY.replaceAll("'", `'\\''`)}'`);
    expect(update).toBe(create);
  });

  it("runs again for another server, script, argument or cause", () => {
    const hash = sha256(remoteScript("61-entrypoint.sh"));
    expect(graph.get("open").inputs.triggers).toEqual(["42", hash, ""]);
    expect(graph.get("moved").inputs.triggers).toEqual(["43", hash, ""]);
    expect(graph.get("closed").inputs.triggers).toEqual([
      "42",
      sha256(remoteScript("60-secrets.sh")),
      ` 'web' '${NASTY.replaceAll("'", `'\\''`)}'`,
      "more",
    ]);
  });

  it("goes with the server, waits long enough for a slow mirror, and sets no environment", () => {
    for (const { deletedWith, timeouts, inputs } of graph.resources.filter(({ type }) =>
      type.startsWith("command:"),
    )) {
      expect(deletedWith).toBe("the-server");
      expect([timeouts.create, timeouts.update]).toEqual(["15m", "15m"]);
      expect(inputs.addPreviousOutputInEnv).toBe(false);
      expect(inputs).not.toHaveProperty("environment");
    }
  });
});

describe("GuardedStep", () => {
  beforeAll(async () => {
    const { GuardedStep } = await import("../../components/remote-step");
    new GuardedStep("guarded", { host: testHost(), script: "30-ssh.sh", guard: "ssh", arguments: [NASTY] });
    await settled();
  });

  it("is one resource that runs the local ssh with the pinned config (S1-11)", () => {
    const { type, inputs } = graph.get("guarded");
    const word = `'${NASTY.replaceAll("'", `'\\''`)}'`;

    expect(type).toBe("command:local:Command");
    expect(inputs.create).toBe(
      `'bash' 'scripts/guarded-step.sh' '.homeport/test/ssh_config' ops@192.0.2.10 ssh ${word}`,
    );
    expect(inputs).toMatchObject({
      update: inputs.create,
      stdin: remoteScript("30-ssh.sh"),
      triggers: ["42", sha256(remoteScript("30-ssh.sh")), ` ${word}`],
      addPreviousOutputInEnv: false,
      logging: "stdout",
    });
    expect(graph.get("guarded").deletedWith).toBe("the-server");
  });
});
