import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { generatePrivateKey } from "sshpk";
import { privateKeyFault, publicKeyOf, withNewline } from "../../components/lib/ssh-keys";
import type { KeptSecret } from "../../components/lib/system";
import { usage } from "../cli-error";

/** A new ed25519 key in OpenSSH's format. */
export function makeSshKey(comment: string): string {
  const key = generatePrivateKey("ed25519");
  key.comment = comment;
  return withNewline(key.toString("openssh"));
}

/** The public half as one line with `comment`. */
export function publicKeyLine(privateKey: string, comment: string): string {
  const fault = privateKeyFault(privateKey);
  if (fault !== undefined) {
    const key = "homeport:operatorPrivateKey";
    throw usage(`${key}: must ${fault}; fix: pulumi config rm ${key}, then homeport init`);
  }
  return `${publicKeyOf(privateKey)} ${comment}`;
}

/** The user's own private key from a file, checked. */
export function readOperatorKey(file: string): string {
  const text = readKeyFile(file);
  const fault = privateKeyFault(text);
  if (fault === undefined) return withNewline(text);
  throw usage(`--operator-key ${file}: must ${fault}; fix: ssh-keygen -t ed25519 -f NEW_FILE`);
}

/** `hex:64` is 64 random bytes as 128 characters. */
export function makeRandom(rule: NonNullable<KeptSecret["make"]>): string {
  const [encoding, bytes] = rule.split(":") as ["hex" | "base64url", string];
  return randomBytes(Number(bytes)).toString(encoding);
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw usage(`--operator-key ${file}: must be a readable file; fix: ls -l ${file}`);
  }
}
