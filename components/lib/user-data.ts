import { stringify } from "yaml";
import { withNewline } from "./ssh-keys";

export interface UserDataInput {
  readonly operatorUser: string;
  /** One OpenSSH line. */
  readonly operatorPublicKey: string;
  /** The bootstrap host key, OpenSSH or PEM. */
  readonly ecdsaPrivate: string;
  /** Its public half, `ecdsa-sha2-nistp256 base64`. */
  readonly ecdsaPublic: string;
}

/**
 * cloud-init's user-data: the bootstrap host key, so that the first contact is pinned, and the operator's account.
 * The one secret in it is that key: the host forgets it in its second step, since user-data stays readable. Root
 * keeps the keys that the cloud gave it until hardening (S1-5).
 */
export function renderUserData(input: UserDataInput): string {
  const config = {
    ssh_deletekeys: true,
    ssh_keys: {
      ecdsa_private: withNewline(input.ecdsaPrivate),
      ecdsa_public: withNewline(input.ecdsaPublic),
    },
    // the cloud's own wish comes last otherwise: root must answer until hardening closes it
    disable_root: false,
    ssh_pwauth: false,
    // in this group before the docker provider dials: a session keeps the groups it began with
    groups: ["docker"],
    // no "default": the vendor's own account would be one more with sudo
    users: [operator(input)],
  };
  return `#cloud-config\n${stringify(config, { lineWidth: 0 })}`;
}

function operator(input: UserDataInput) {
  return {
    name: input.operatorUser,
    gecos: "Homeport operator",
    groups: ["docker"],
    shell: "/bin/bash",
    lock_passwd: true,
    sudo: "ALL=(ALL) NOPASSWD:ALL",
    ssh_authorized_keys: [input.operatorPublicKey.trim()],
  };
}
