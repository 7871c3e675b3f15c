import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import sshpk from "sshpk";

export type Algorithm = "RSA" | "ECDSA" | "ED25519";

export interface PublicKeyOutputs {
  readonly publicKeyPem: string;
  readonly publicKeyOpenssh: string;
  readonly publicKeyFingerprintMd5: string;
  readonly publicKeyFingerprintSha256: string;
}

const ALGORITHMS: Readonly<Record<string, Algorithm>> = { rsa: "RSA", ec: "ECDSA", ed25519: "ED25519" };

/** Node's name of a curve by the one that Pulumi uses; OpenSSH knows all but P224. */
export const CURVES = {
  P224: "secp224r1",
  P256: "prime256v1",
  P384: "secp384r1",
  P521: "secp521r1",
} as const;

export function algorithmOf(key: KeyObject): Algorithm {
  const algorithm = ALGORITHMS[key.asymmetricKeyType ?? ""];
  if (!algorithm) throw new Error(`unsupported private key type: ${key.asymmetricKeyType}`);
  return algorithm;
}

/** Reads a key in PEM: PKCS#1, SEC 1 or PKCS#8. The message never shows a part of it. */
export function parsePrivateKeyPem(pem: string, field: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new Error(`${field}: must be an unencrypted private key in PEM format`);
  }
}

/** Base64 in lines of 64 characters between the usual marks. */
export function toPem(type: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${type}-----\n${lines.join("\n")}\n-----END ${type}-----\n`;
}

export function fromPem(type: string, pem: string, field: string): Buffer {
  const match = new RegExp(`-----BEGIN ${type}-----([^-]*)-----END ${type}-----`).exec(pem);
  if (!match?.[1]) throw new Error(`${field}: must be a ${type} in PEM format`);
  return Buffer.from(match[1], "base64");
}

function hasOpenssh(key: KeyObject): boolean {
  return key.asymmetricKeyDetails?.namedCurve !== CURVES.P224;
}

const pkcs8 = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }).toString();

/** The private key in OpenSSH's own format, without a comment; empty for P224. */
export function toOpenssh(key: KeyObject): string {
  if (!hasOpenssh(key)) return "";
  const parsed = sshpk.parsePrivateKey(pkcs8(key), "pem");
  parsed.comment = "";
  const text = parsed.toString("ssh-private");
  return toPem("OPENSSH PRIVATE KEY", Buffer.from(text.replace(/-----.*?-----|\s/g, ""), "base64"));
}

/** PKCS#1 for RSA, SEC 1 for ECDSA, PKCS#8 for ED25519: as the published plugin writes them. */
export function toTraditionalPem(key: KeyObject): string {
  const types = { RSA: "pkcs1", ECDSA: "sec1", ED25519: "pkcs8" } as const;
  return key.export({ type: types[algorithmOf(key)], format: "pem" }).toString();
}

export function publicKeyOutputs(privateKey: KeyObject): PublicKeyOutputs {
  const publicKeyPem = createPublicKey(privateKey).export({ type: "spki", format: "pem" }).toString();
  if (!hasOpenssh(privateKey)) {
    return {
      publicKeyPem,
      publicKeyOpenssh: "",
      publicKeyFingerprintMd5: "",
      publicKeyFingerprintSha256: "",
    };
  }
  const parsed = sshpk.parseKey(publicKeyPem, "pem");
  const blob = parsed.toBuffer("rfc4253");
  const md5 = createHash("md5").update(blob).digest("hex");
  return {
    publicKeyPem,
    publicKeyOpenssh: `${opensshType(privateKey)} ${blob.toString("base64")}\n`,
    publicKeyFingerprintMd5: md5.match(/../g)?.join(":") ?? "",
    publicKeyFingerprintSha256: `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`,
  };
}

function opensshType(key: KeyObject): string {
  const curves: Readonly<Record<string, string>> = {
    [CURVES.P256]: "nistp256",
    [CURVES.P384]: "nistp384",
    [CURVES.P521]: "nistp521",
  };
  const types = { RSA: "ssh-rsa", ED25519: "ssh-ed25519", ECDSA: "ecdsa-sha2-" } as const;
  return types[algorithmOf(key)] + (curves[key.asymmetricKeyDetails?.namedCurve ?? ""] ?? "");
}

/** The id of keys: SHA-1 of the public key's DER form. */
export function keyId(privateKey: KeyObject): string {
  const der = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  return createHash("sha1").update(der).digest("hex");
}
