import { X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { issueServerCertificate, type Ca } from "../ca";

const RENEW_BEFORE = 30 * 24 * 60 * 60 * 1000;

/** The kept certificate and key in `folder`, or new ones when those end soon or are another authority's. */
export async function keptCertificate(
  folder: string,
  ca: Ca,
  names: readonly string[],
): Promise<{ "tls.crt": string; "tls.key": string }> {
  const kept = { "tls.crt": readKept(join(folder, "tls.crt")), "tls.key": readKept(join(folder, "tls.key")) };
  if (kept["tls.crt"] !== "" && kept["tls.key"] !== "" && isGood(kept["tls.crt"], ca)) return kept;
  const made = await issueServerCertificate(ca, names);
  return { "tls.crt": made.certPem, "tls.key": made.keyPem };
}

function isGood(certPem: string, ca: Ca): boolean {
  const known = new X509Certificate(certPem);
  const lasts = Date.parse(known.validTo) - Date.now() > RENEW_BEFORE;
  return lasts && known.verify(new X509Certificate(ca.certPem).publicKey);
}

/** A file's text; empty when there is none. */
export function readKept(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/** Writes a file that only its owner reads, whole or not at all; one that is right is left alone. */
export function keepFile(file: string, text: string): void {
  if (readKept(file) === text) return;
  mkdirSync(join(file, ".."), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.draft`, text, { mode: 0o600 });
  renameSync(`${file}.draft`, file);
}
