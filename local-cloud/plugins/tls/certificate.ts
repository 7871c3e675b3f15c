import { randomBytes, type KeyObject } from "node:crypto";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  KeyIdentifier,
  KeyUsage,
  SubjectKeyIdentifier,
  TBSCertificate,
  Validity,
  Version,
  type GeneralName,
  type Name,
  type SubjectPublicKeyInfo,
} from "@peculiar/asn1-x509";
import type { Change, CheckFailure } from "../lib";
import { effectiveChanges } from "./effective-changes";
import { EXTENDED_KEY_USAGES, KEY_USAGES } from "./key-usages";
import { toPem } from "./keys";
import { signature, signatureFor, subjectAlternativeName, subjectKeyId } from "./x509";

/** What self-signed and locally signed certificates share. */
export interface CertificateInputs {
  readonly allowedUses: readonly string[];
  readonly validityPeriodHours: number;
  readonly earlyRenewalHours?: number;
  readonly isCaCertificate?: boolean;
  readonly maxPathLength?: number;
  readonly setSubjectKeyId?: boolean;
}

export interface CertificateOutputs {
  readonly certPem: string;
  readonly readyForRenewal: boolean;
  readonly validityStartTime: string;
  readonly validityEndTime: string;
}

interface Issuer {
  readonly name: Name;
  readonly key: KeyObject;
  readonly keyId?: Buffer;
}

interface Template {
  readonly subject: Name;
  readonly names: readonly GeneralName[];
  readonly publicKey: SubjectPublicKeyInfo;
  /** The identifier of the issuer's key, to be written into the certificate. */
  readonly authorityKeyId?: Buffer;
}

export const CERTIFICATE_DEFAULTS = { earlyRenewalHours: 0, isCaCertificate: false, setSubjectKeyId: false };

/** The key identifier that the certificate will carry: CAs always, others when they ask for it. */
export function ownKeyId(inputs: CertificateInputs, publicKey: SubjectPublicKeyInfo): Buffer | undefined {
  return inputs.isCaCertificate || inputs.setSubjectKeyId ? subjectKeyId(publicKey) : undefined;
}

export function issue(
  inputs: CertificateInputs,
  template: Template,
  issuer: Issuer,
): CertificateOutputs & { id: string } {
  if (inputs.isCaCertificate && template.subject.length === 0) {
    throw new Error("subject: must have at least one name in the certificate of a certificate authority");
  }
  const notBefore = new Date();
  const notAfter = new Date(notBefore.getTime() + inputs.validityPeriodHours * 3_600_000);
  const serial = serialNumber();
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: new Uint8Array(serial).buffer,
    signature: signatureFor(issuer.key).algorithm,
    issuer: issuer.name,
    validity: new Validity({ notBefore, notAfter }),
    subject: template.subject,
    subjectPublicKeyInfo: template.publicKey,
    extensions: extensions(inputs, template),
  });
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: signatureFor(issuer.key).algorithm,
    signatureValue: signature(tbsCertificate, issuer.key),
  });
  return {
    id: BigInt(`0x${serial.toString("hex")}`).toString(),
    certPem: toPem("CERTIFICATE", Buffer.from(AsnConvert.serialize(certificate))),
    readyForRenewal: false,
    validityStartTime: notBefore.toISOString(),
    validityEndTime: notAfter.toISOString(),
  };
}

/** 128 random bits as a positive DER integer: no superfluous zeros in front, no sign bit. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01;
  return bytes;
}

function extensions(
  inputs: CertificateInputs,
  { subject, names, publicKey, authorityKeyId }: Template,
): Extensions {
  const extension = (extnID: string, value: object | ArrayBuffer, critical = false): Extension => {
    const der = value instanceof ArrayBuffer ? value : AsnConvert.serialize(value);
    return new Extension({ extnID, critical, extnValue: new OctetString(der) });
  };
  const flags = inputs.allowedUses.reduce((sum, use) => sum | (KEY_USAGES[use] ?? 0), 0);
  const extended = inputs.allowedUses.flatMap((use) => EXTENDED_KEY_USAGES[use] ?? []);
  const keyId = ownKeyId(inputs, publicKey);
  const isCa = inputs.isCaCertificate ?? false;
  // Go reads a path length of 0 in a template as "not set", and so does the published plugin
  const pathLength =
    isCa && (inputs.maxPathLength ?? -1) > 0 ? { pathLenConstraint: inputs.maxPathLength } : {};
  const octets = (bytes: Buffer): ArrayBuffer => new Uint8Array(bytes).buffer;
  return new Extensions([
    ...(flags ? [extension("2.5.29.15", new KeyUsage(flags), true)] : []),
    ...(extended.length > 0 ? [extension("2.5.29.37", new ExtendedKeyUsage(extended))] : []),
    extension("2.5.29.19", new BasicConstraints({ cA: isCa, ...pathLength }), true),
    ...(keyId ? [extension("2.5.29.14", new SubjectKeyIdentifier(octets(keyId)))] : []),
    ...(authorityKeyId
      ? [
          extension(
            "2.5.29.35",
            new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(octets(authorityKeyId)) }),
          ),
        ]
      : []),
    ...(names.length > 0
      ? [extension("2.5.29.17", subjectAlternativeName(names), subject.length === 0)]
      : []),
  ]);
}

/** Faults that types do not show; values unknown in a preview are let through. */
export function checkCertificate(inputs: CertificateInputs): CheckFailure[] {
  const known = Object.keys({ ...KEY_USAGES, ...EXTENDED_KEY_USAGES });
  const uses: readonly unknown[] = Array.isArray(inputs.allowedUses) ? inputs.allowedUses : [];
  const wrongUses = uses.flatMap((use, i) =>
    typeof use !== "string" || known.includes(use)
      ? []
      : [{ property: `allowedUses[${i}]`, reason: `must be one of ${known.sort().join(", ")}` }],
  );
  const atLeast = (property: keyof CertificateInputs, least: number): CheckFailure[] => {
    const value: unknown = inputs[property];
    return typeof value === "number" && value < least
      ? [{ property, reason: `must be at least ${least}` }]
      : [];
  };
  return [
    ...wrongUses,
    ...atLeast("validityPeriodHours", 0),
    ...atLeast("earlyRenewalHours", 0),
    ...atLeast("maxPathLength", -1),
  ];
}

/** True from the early renewal's time on. */
export function isReadyForRenewal(
  validityEndTime: string,
  earlyRenewalHours: number,
  now = Date.now(),
): boolean {
  return now >= Date.parse(validityEndTime) - earlyRenewalHours * 3_600_000;
}

/** Changes that count, and the replacement of a certificate that is due for renewal. */
export function certificateChanges(
  changes: readonly Change[],
  state: CertificateOutputs & object,
  news: CertificateInputs,
  defaults: object,
): Change[] {
  const hours = typeof news.earlyRenewalHours === "number" ? news.earlyRenewalHours : 0;
  const isDue = isReadyForRenewal(state.validityEndTime, hours);
  const counted = effectiveChanges(changes, defaults, state, news);
  return isDue ? [...counted, { path: "readyForRenewal", kind: "update", replaces: true }] : counted;
}
