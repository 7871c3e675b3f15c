import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { renderUserData } from "../../components/lib/user-data";
import { keygen } from "../support/ssh-keys";

const BOOTSTRAP = keygen("-t", "ecdsa");
const OPERATOR = keygen("-t", "ed25519");

function rendered(operatorPublicKey = OPERATOR.publicKey): string {
  return renderUserData({
    operatorUser: "ops",
    operatorPublicKey,
    ecdsaPrivate: BOOTSTRAP.privateKey.trim(),
    ecdsaPublic: BOOTSTRAP.publicKey,
  });
}

describe("renderUserData", () => {
  it("is cloud-config with the bootstrap host key and the operator's account, and nothing more", () => {
    expect(rendered()).toMatch(/^#cloud-config\n/);
    expect(parse(rendered())).toEqual({
      ssh_deletekeys: true,
      ssh_keys: { ecdsa_private: BOOTSTRAP.privateKey, ecdsa_public: `${BOOTSTRAP.publicKey}\n` },
      disable_root: false,
      ssh_pwauth: false,
      groups: ["docker"],
      users: [
        {
          name: "ops",
          gecos: "Homeport operator",
          groups: ["docker"],
          shell: "/bin/bash",
          lock_passwd: true,
          sudo: "ALL=(ALL) NOPASSWD:ALL",
          ssh_authorized_keys: [OPERATOR.publicKey],
        },
      ],
    });
  });

  it("carries a comment of any characters as data", () => {
    const key = `${OPERATOR.publicKey} "q" 'x': #{a} - $(id)`;

    expect(parse(rendered(key))).toMatchObject({ users: [{ ssh_authorized_keys: [key] }] });
  });
});
