import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  fingerprint,
  fingerprintMd5,
  privateKeyFault,
  publicKeyFault,
  publicKeyOf,
  stripComment,
  withNewline,
} from "../../components/lib/ssh-keys";
import { keygen } from "../support/ssh-keys";

const KINDS = [
  ["ed25519", keygen("-t", "ed25519")],
  ["ecdsa 256", keygen("-t", "ecdsa", "-b", "256")],
  ["ecdsa 521", keygen("-t", "ecdsa", "-b", "521")],
  ["rsa 3072", keygen("-t", "rsa", "-b", "3072")],
  ["rsa 3072 in PEM", keygen("-t", "rsa", "-b", "3072", "-m", "PEM")],
  ["ecdsa in PEM", keygen("-t", "ecdsa", "-m", "PEM")],
] as const;

function sshKeygen(publicKey: string, ...options: string[]): string {
  return (
    execFileSync("ssh-keygen", ["-l", ...options, "-f", "-"], { input: publicKey })
      .toString()
      .split(" ")[1] ?? ""
  );
}

describe.each(KINDS)("a key of %s", (_, { privateKey, publicKey }) => {
  it("is accepted, also without its last newline", () => {
    expect(publicKeyFault(publicKey)).toBeUndefined();
    expect(privateKeyFault(privateKey)).toBeUndefined();
    expect(privateKeyFault(privateKey.trim())).toBeUndefined();
  });

  it("gives the public half and the fingerprints that ssh-keygen gives", () => {
    expect(publicKeyOf(privateKey.trim())).toBe(stripComment(publicKey));
    expect(fingerprint(publicKey)).toBe(sshKeygen(publicKey));
    expect(`MD5:${fingerprintMd5(publicKey)}`).toBe(sshKeygen(publicKey, "-E", "md5"));
  });
});

describe("keys of other makers", () => {
  it("reads PKCS#8, as OpenSSL and the tls provider write it", () => {
    for (const { privateKey } of [
      generateKeyPairSync("ed25519"),
      generateKeyPairSync("ec", { namedCurve: "P-256" }),
    ]) {
      const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();

      expect(privateKeyFault(pem)).toBeUndefined();
      expect(publicKeyFault(publicKeyOf(pem))).toBeUndefined();
    }
  });

  it("refuses a passphrase in OpenSSH's form and in PEM's", () => {
    const rule = "be without a passphrase: the stack's own encryption protects it";

    expect(privateKeyFault(keygen("-t", "ed25519", "-N", "hunter22").privateKey)).toBe(rule);
    expect(privateKeyFault(keygen("-t", "rsa", "-N", "hunter22", "-m", "PEM").privateKey)).toBe(rule);
  });

  it("refuses comments with control characters and overlong ones", () => {
    const key = stripComment(KINDS[0][1].publicKey);

    expect(publicKeyFault(`${key} a\u0007b`)).toBe("hold no control characters");
    expect(publicKeyFault(`${key} ${"x".repeat(256)}`)).toBe("have a comment of at most 255 characters");
  });
});

describe("withNewline", () => {
  it("ends a text with exactly one newline, and takes Windows' line ends away", () => {
    expect(["a", "a\n", "a\n\n", "a\r\n"].map(withNewline)).toEqual(["a\n", "a\n", "a\n", "a\n"]);
  });
});
