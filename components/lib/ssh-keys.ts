import { createPrivateKey } from "node:crypto";
import { parseKey, parsePrivateKey, type Key, type PrivateKey } from "sshpk";

const PUBLIC_LINE = /^(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)) [A-Za-z0-9+/]+=*(?: (.*))?$/;
const SMALLEST_RSA_BITS = 3072;
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f]/;
const LONGEST_COMMENT = 255;

/** The text with exactly one newline at its end, as OpenSSH needs it: `pulumi config set` strips the last one. */
export function withNewline(text: string): string {
  return `${text.replaceAll("\r\n", "\n").trimEnd()}\n`;
}

/** What is wrong with an OpenSSH public key line, continuing "must …", or `undefined`. */
export function publicKeyFault(text: string): string | undefined {
  if (text.includes("PRIVATE KEY")) return "be the public key, not the private one";
  const line = text.replace(/\n$/, "");
  if (line.includes("\n")) return "be one line";
  if (CONTROL.test(line)) return "hold no control characters";
  const [match, comment = ""] = PUBLIC_LINE.exec(line) ?? [];
  if (match === undefined) {
    return "be one OpenSSH line of ed25519, ecdsa or rsa, without options: ssh-ed25519 AAAA… comment";
  }
  if (comment.length > LONGEST_COMMENT) return `have a comment of at most ${LONGEST_COMMENT} characters`;
  const key = tryParse(() => parseKey(stripComment(line), "ssh"));
  return key === undefined ? "hold a whole key: its base64 does not parse" : weaknessOf(key);
}

/** What is wrong with a private key, continuing "must …", or `undefined`. Never holds a part of the key. */
export function privateKeyFault(text: string): string | undefined {
  if (!text.includes("PRIVATE KEY-----")) return "be an OpenSSH or PEM private key";
  if (/ENCRYPTED/.test(text)) return "be without a passphrase: the stack's own encryption protects it";
  const key = readPrivateKey(text);
  if (key instanceof Error) {
    return key.name === "KeyEncryptedError"
      ? "be without a passphrase: the stack's own encryption protects it"
      : "hold a whole key: it does not parse";
  }
  return weaknessOf(key);
}

/** The public half as `type base64`, without a comment. @throws Error when `text` is no usable private key. */
export function publicKeyOf(privateKey: string): string {
  const key = readPrivateKey(privateKey);
  if (key instanceof Error) throw new Error("publicKeyOf: check the key with privateKeyFault first");
  return stripComment(key.toPublic().toString("ssh"));
}

/** `type base64` of a public key line: what two lines of the same key share. */
export function stripComment(publicKey: string): string {
  return publicKey.trim().split(" ").slice(0, 2).join(" ");
}

/** `ed25519`, `ecdsa` or `rsa`. */
export function keyType(publicKey: string): string {
  return parseKey(stripComment(publicKey), "ssh").type;
}

/** As `ssh-keygen -l` prints it: `SHA256:…`. */
export function fingerprint(publicKey: string): string {
  return parseKey(stripComment(publicKey), "ssh").fingerprint("sha256").toString();
}

/** As Hetzner shows it: `aa:bb:…` of MD5. */
export function fingerprintMd5(publicKey: string): string {
  return parseKey(stripComment(publicKey), "ssh").fingerprint("md5").toString("hex");
}

function weaknessOf(key: Key | PrivateKey): string | undefined {
  if (key.type === "rsa" && key.size < SMALLEST_RSA_BITS)
    return `be at least RSA-${SMALLEST_RSA_BITS}, or ed25519`;
  if (key.type === "dsa") return "be ed25519, ecdsa or rsa";
  return undefined;
}

/** sshpk does not read PKCS#8 of ed25519 in every form, Node's own parser does not read OpenSSH's: each its own. */
function readPrivateKey(text: string): PrivateKey | Error {
  const key = withNewline(text);
  try {
    return parsePrivateKey(key, "auto");
  } catch (error) {
    const pem = tryParse(() => createPrivateKey(key).export({ type: "pkcs8", format: "pem" }));
    return tryParse(() => parsePrivateKey(pem ?? "", "pkcs8")) ?? (error as Error);
  }
}

function tryParse<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
