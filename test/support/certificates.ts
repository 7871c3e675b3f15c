import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { type Ca, pem, signRequest } from "../../local-cloud/ca";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

export interface Identity {
  readonly cert: string;
  readonly key: string;
}

async function newKeys(): Promise<{ keys: webcrypto.CryptoKeyPair; key: string }> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { keys, key: x509.PemConverter.encode(pkcs8, "PRIVATE KEY") };
}

/** A certificate by `ca` for `names` that ends in `days` days; a negative number: one that has ended. */
export async function signedBy(ca: Ca, names: readonly string[], days = 30): Promise<Identity> {
  const { keys, key } = await newKeys();
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm: ALGORITHM });
  return { cert: pem(await signRequest(ca, csr.toString("pem"), names, days)), key };
}

/** A certificate that nobody but itself vouches for. */
export async function selfSigned(name: string): Promise<Identity> {
  const { keys, key } = await newKeys();
  const extensions = [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: name }])];
  const options = { name: `CN=${name}`, keys, signingAlgorithm: ALGORITHM, extensions };
  return { cert: pem(await x509.X509CertificateGenerator.createSelfSigned(options)), key };
}
