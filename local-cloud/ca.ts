import "reflect-metadata";
import { randomBytes, webcrypto } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";

/** A certificate authority of the local cloud: a root, ECDSA P-256, and its key. */
export interface Ca {
  readonly certPem: string;
  readonly certificate: x509.X509Certificate;
  readonly key: CryptoKey;
}

export interface ServerCertificate {
  readonly certPem: string;
  readonly keyPem: string;
  readonly notAfter: Date;
}

type CryptoKey = webcrypto.CryptoKey;

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY = 24 * 60 * 60 * 1000;
const CA_DAYS = 20 * 365;
// What Cloudflare's Universal SSL and most public authorities issue today.
const SERVER_DAYS = 90;

const opened = new Map<string, Promise<Ca>>();

/**
 * The authority in `dir/name.crt` and `dir/name.key` (0600), made with `commonName` when either file is missing.
 * Every caller in this process gets the same one, also when two ask at once.
 */
export function ensureCa(dir: string, name: string, commonName: string): Promise<Ca> {
  const base = join(dir, name);
  const known = opened.get(base) ?? openCa(dir, base, commonName);
  opened.set(base, known);
  known.catch(() => opened.delete(base));
  return known;
}

async function openCa(dir: string, base: string, commonName: string): Promise<Ca> {
  try {
    const certPem = readFileSync(`${base}.crt`, "utf8");
    return await loadCa(certPem, readFileSync(`${base}.key`, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const made = await createCa(commonName);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  // Key first: a certificate on disk means that its key is there too.
  writeAtomically(`${base}.key`, made.keyPem, 0o600);
  writeAtomically(`${base}.crt`, made.certPem, 0o644);
  return loadCa(made.certPem, made.keyPem);
}

async function loadCa(certPem: string, keyPem: string): Promise<Ca> {
  const pkcs8 = x509.PemConverter.decodeFirst(keyPem);
  const key = await webcrypto.subtle.importKey("pkcs8", pkcs8, ALGORITHM, false, ["sign"]);
  return { certPem, certificate: new x509.X509Certificate(certPem), key };
}

async function createCa(commonName: string): Promise<{ certPem: string; keyPem: string }> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: [{ CN: [commonName] }, { O: ["Homeport local cloud"] }],
    ...validity(CA_DAYS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certPem: pem(certificate), keyPem: await exportKey(keys.privateKey) };
}

/** A new key and a certificate for `names` (the first one is the subject), valid for 90 days. */
export async function issueServerCertificate(ca: Ca, names: readonly string[]): Promise<ServerCertificate> {
  const keys = await newKeys();
  const certificate = await sign(ca, {
    publicKey: keys.publicKey,
    subject: [{ CN: [names[0] ?? ""] }],
    names,
    days: SERVER_DAYS,
    usages: [x509.ExtendedKeyUsage.serverAuth],
  });
  return {
    certPem: pem(certificate),
    keyPem: await exportKey(keys.privateKey),
    notAfter: certificate.notAfter,
  };
}

/** Thrown for a request that is no PKCS #10, or that its own key has not signed. */
export class CsrError extends Error {}

/** Signs the public key of a request for `names`: the request's own subject and names are left out, as the Origin CA does. */
export async function signRequest(
  ca: Ca,
  csrPem: string,
  names: readonly string[],
  days: number,
  subject: x509.JsonName = [{ CN: [names[0] ?? ""] }],
): Promise<x509.X509Certificate> {
  const csr = await readRequest(csrPem);
  return sign(ca, {
    publicKey: csr.publicKey,
    subject,
    names,
    days,
    usages: [x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth],
  });
}

async function readRequest(csrPem: string): Promise<x509.Pkcs10CertificateRequest> {
  try {
    const csr = new x509.Pkcs10CertificateRequest(csrPem);
    if (await csr.verify()) return csr;
  } catch {
    throw new CsrError("not a certificate request");
  }
  throw new CsrError("signature does not match the key");
}

interface Leaf {
  readonly publicKey: CryptoKey | x509.PublicKey;
  readonly subject: x509.JsonName;
  readonly names: readonly string[];
  readonly days: number;
  readonly usages: string[];
}

async function sign(ca: Ca, leaf: Leaf): Promise<x509.X509Certificate> {
  return x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: leaf.subject,
    issuer: ca.certificate.subjectName,
    ...validity(leaf.days),
    signingAlgorithm: ALGORITHM,
    signingKey: ca.key,
    publicKey: leaf.publicKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment,
        true,
      ),
      new x509.ExtendedKeyUsageExtension(leaf.usages),
      await x509.SubjectKeyIdentifierExtension.create(leaf.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(ca.certificate),
      new x509.SubjectAlternativeNameExtension(
        leaf.names.map((value) => ({ type: isIP(value) === 0 ? "dns" : "ip", value })),
      ),
    ],
  });
}

/** PEM with a last newline, as OpenSSL writes it. */
export function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString("pem").trim()}\n`;
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

async function exportKey(key: CryptoKey): Promise<string> {
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", key);
  return `${x509.PemConverter.encode(pkcs8, "PRIVATE KEY").trim()}\n`;
}

// Positive, 20 bytes at most (RFC 5280, 4.1.2.2).
function newSerial(): string {
  const bytes = randomBytes(19);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString("hex");
}

// From a minute ago: a host's clock may be a little behind.
function validity(days: number): { notBefore: Date; notAfter: Date } {
  const now = Math.floor(Date.now() / 1000) * 1000;
  return { notBefore: new Date(now - 60_000), notAfter: new Date(now + days * DAY) };
}

function writeAtomically(file: string, text: string, mode: number): void {
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, text, { mode });
  renameSync(temporary, file);
}
