import { beforeAll, describe, expect, it } from "vitest";
import type { SshIdentity } from "../../components/ssh-identity";
import { houseFaults, LABELS } from "../support/component-bed";
import { openTexts, recordGraph, settled, valueOf, isSecretOutput } from "../support/mocks";
import { CANARY, canary } from "../support/provider-answers";

const graph = recordGraph();

describe("SshIdentity", () => {
  let identity: SshIdentity;

  beforeAll(async () => {
    const subject = await import("../../components/ssh-identity");
    identity = new subject.SshIdentity("identity", {
      keyName: "running-calendar-test",
      operatorPublicKey: "ssh-ed25519 OPERATOR me@laptop",
      labels: LABELS,
    });
    await settled();
  });

  it("has exactly the operator's key at the provider and the key that a server is born with", () => {
    expect(graph.children("identity")).toEqual([
      "hcloud:index/sshKey:SshKey identity-operator",
      "tls:index/privateKey:PrivateKey identity-bootstrap",
    ]);
    expect(houseFaults(graph, ["identity"])).toEqual([]);
  });

  it("uploads the public key as it was given, labelled (S1-2)", () => {
    expect(graph.get("identity-operator").inputs).toEqual({
      name: "running-calendar-test",
      publicKey: "ssh-ed25519 OPERATOR me@laptop",
      labels: LABELS,
    });
  });

  it("makes the bootstrap key of another type than the permanent one", () => {
    expect(graph.get("identity-bootstrap").inputs).toEqual({ algorithm: "ECDSA", ecdsaCurve: "P256" });
  });

  it("hands on the public half and the fingerprint as a known_hosts line and a label can hold them", async () => {
    expect(await valueOf(identity.bootstrapPublicKey)).toBe("ecdsa-sha2-nistp256 AAAA");
    expect(await valueOf(identity.bootstrapFingerprint)).toBe("001122");
  });

  it("keeps the private half secret, among its outputs too", async () => {
    expect(await isSecretOutput(identity.bootstrapPrivateKey)).toBe(true);
    expect(await valueOf(identity.bootstrapPrivateKey)).toContain(canary("identity-bootstrap"));
    expect(openTexts(graph.resources.map(({ inputs }) => inputs)).join()).not.toContain(CANARY);
    expect(openTexts(graph.get("identity").inputs).join()).not.toContain(CANARY);
    expect(graph.outputs.get("identity")).toMatchObject({
      bootstrapPrivateKey: identity.bootstrapPrivateKey,
    });
  });
});
