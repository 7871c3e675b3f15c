import * as hcloud from "@pulumi/hcloud";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";

const TYPE = "homeport:server:SshIdentity";

export interface SshIdentityArgs {
  /** Name of the key in the provider's list. */
  readonly keyName: string;
  /** The operator's public key in OpenSSH form (S1-2). */
  readonly operatorPublicKey: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Who is who over SSH: the operator's key at the provider (S1-2), and the host key that a new server is born with.
 * The latter is an ECDSA key in user-data, which anybody on the host can read, so it serves one connection: the one
 * that brings the permanent ed25519 key, which is another type on purpose.
 */
export class SshIdentity extends pulumi.ComponentResource {
  readonly sshKeyId: pulumi.Output<string>;
  readonly bootstrapPublicKey: pulumi.Output<string>;
  /** PEM, secret; goes into user-data and nowhere else. */
  readonly bootstrapPrivateKey: pulumi.Output<string>;
  /** Marks the server made with this key: hex digits. */
  readonly bootstrapFingerprint: pulumi.Output<string>;

  constructor(name: string, args: SshIdentityArgs, opts?: pulumi.ComponentResourceOptions) {
    super(TYPE, name, args, opts);

    const key = new hcloud.SshKey(
      `${name}-operator`,
      { name: args.keyName, publicKey: args.operatorPublicKey, labels: args.labels },
      { parent: this },
    );
    const bootstrap = new tls.PrivateKey(
      `${name}-bootstrap`,
      { algorithm: "ECDSA", ecdsaCurve: "P256" },
      { parent: this },
    );

    this.sshKeyId = key.id;
    this.bootstrapPublicKey = bootstrap.publicKeyOpenssh.apply((text) => text.trim());
    this.bootstrapPrivateKey = bootstrap.privateKeyPem;
    this.bootstrapFingerprint = bootstrap.publicKeyFingerprintMd5.apply((md5) => md5.replaceAll(":", ""));
    this.registerOutputs({
      sshKeyId: this.sshKeyId,
      bootstrapPublicKey: this.bootstrapPublicKey,
      bootstrapPrivateKey: this.bootstrapPrivateKey,
      bootstrapFingerprint: this.bootstrapFingerprint,
    });
  }
}
