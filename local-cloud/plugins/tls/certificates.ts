import { AsnConvert } from "@peculiar/asn1-schema";
import { CertificationRequest } from "@peculiar/asn1-csr";
import {
  Certificate,
  Extensions,
  type Name,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
} from "@peculiar/asn1-x509";
import type { GeneralName } from "@peculiar/asn1-x509";
import type { ResourceType } from "../lib";
import {
  CERTIFICATE_DEFAULTS,
  certificateChanges,
  checkCertificate,
  isReadyForRenewal,
  issue,
  ownKeyId,
  type CertificateInputs,
  type CertificateOutputs,
} from "./certificate";
import { checkNames, checkSigningKey, type SigningKey } from "./cert-request";
import { algorithmOf, fromPem, parsePrivateKeyPem, type Algorithm } from "./keys";
import {
  locallySignedCertInputs,
  locallySignedCertOutputs,
  selfSignedCertInputs,
  selfSignedCertOutputs,
} from "./tables";
import { alternativeNames, publicKeyInfo, subjectName, type Names, type Subject } from "./x509";

interface SelfSignedInputs extends CertificateInputs, SigningKey, Names {
  readonly setAuthorityKeyId?: boolean;
  readonly subject?: Subject;
}

interface SelfSignedState extends SelfSignedInputs, CertificateOutputs {
  readonly keyAlgorithm: Algorithm;
}

const SELF_SIGNED_DEFAULTS = { ...CERTIFICATE_DEFAULTS, setAuthorityKeyId: false };

/** What a refresh says of a certificate: the same, and whether it is time to renew it. */
function refreshed<S extends CertificateOutputs & CertificateInputs>(
  id: string,
  state: Partial<S>,
): { id: string; outputs: S } {
  const current = state as S;
  const isDue = isReadyForRenewal(current.validityEndTime, current.earlyRenewalHours ?? 0);
  return { id, outputs: { ...current, readyForRenewal: current.readyForRenewal || isDue } };
}

export const selfSignedCert: ResourceType<SelfSignedInputs, SelfSignedState> = {
  schema: { inputs: selfSignedCertInputs, outputs: selfSignedCertOutputs },
  check: (news) => [
    ...checkSigningKey("privateKeyPem", { ...news }),
    ...checkNames(news),
    ...checkCertificate(news),
  ],
  diff: (changes, { state, news }) => certificateChanges(changes, state, news, SELF_SIGNED_DEFAULTS),
  preview: (news) => ({ ...SELF_SIGNED_DEFAULTS, ...news }),
  create(inputs) {
    const key = parsePrivateKeyPem(inputs.privateKeyPem ?? inputs.privateKeyPemWo ?? "", "privateKeyPem");
    const name = subjectName(inputs.subject);
    const publicKey = publicKeyInfo(key);
    const keyId = ownKeyId(inputs, publicKey);
    if (inputs.setAuthorityKeyId && !keyId) {
      throw new Error("setAuthorityKeyId: must be used with isCaCertificate or setSubjectKeyId");
    }
    const authority = inputs.setAuthorityKeyId && keyId ? { authorityKeyId: keyId } : {};
    const template = { subject: name, names: alternativeNames(inputs), publicKey, ...authority };
    const { id, ...certificate } = issue(inputs, template, { name, key });
    const { privateKeyPemWo: _, ...kept } = inputs;
    const outputs = { ...SELF_SIGNED_DEFAULTS, ...kept, ...certificate, keyAlgorithm: algorithmOf(key) };
    return Promise.resolve({ id, outputs });
  },
  read: (id, state) => Promise.resolve(refreshed<SelfSignedState>(id, state)),
  update: (_id, state, { earlyRenewalHours = 0 }) => Promise.resolve({ ...state, earlyRenewalHours }),
};

interface LocallySignedInputs extends CertificateInputs {
  readonly caCertPem: string;
  readonly caPrivateKeyPem?: string;
  readonly caPrivateKeyPemWo?: string;
  readonly caPrivateKeyPemWoVersion?: number;
  readonly certRequestPem: string;
}

interface LocallySignedState extends LocallySignedInputs, CertificateOutputs {
  readonly caKeyAlgorithm: Algorithm;
}

export const locallySignedCert: ResourceType<LocallySignedInputs, LocallySignedState> = {
  schema: { inputs: locallySignedCertInputs, outputs: locallySignedCertOutputs },
  check: (news) => [...checkSigningKey("caPrivateKeyPem", { ...news }), ...checkCertificate(news)],
  diff: (changes, { state, news }) => certificateChanges(changes, state, news, CERTIFICATE_DEFAULTS),
  preview: (news) => ({ ...CERTIFICATE_DEFAULTS, ...news }),
  create(inputs, context) {
    const key = parsePrivateKeyPem(
      inputs.caPrivateKeyPem ?? inputs.caPrivateKeyPemWo ?? "",
      "caPrivateKeyPem",
    );
    const ca = AsnConvert.parse(
      fromPem("CERTIFICATE", inputs.caCertPem, "caCertPem"),
      Certificate,
    ).tbsCertificate;
    const der = fromPem("CERTIFICATE REQUEST", inputs.certRequestPem, "certRequestPem");
    const request = AsnConvert.parse(der, CertificationRequest).certificationRequestInfo;
    if (!isAuthority(ca.extensions)) {
      context.log("warning", "caCertPem does not appear to be the certificate of a certificate authority");
    }
    const keyId = keyIdOf(ca.extensions);
    const template = {
      subject: request.subject,
      names: requestedNames(request.attributes),
      publicKey: request.subjectPKInfo,
      ...(keyId && !isSameName(ca.subject, request.subject) && { authorityKeyId: keyId }),
    };
    const { id, ...certificate } = issue(inputs, template, { name: ca.subject, key });
    const { caPrivateKeyPemWo: _, ...kept } = inputs;
    const outputs = { ...CERTIFICATE_DEFAULTS, ...kept, ...certificate, caKeyAlgorithm: algorithmOf(key) };
    return Promise.resolve({ id, outputs });
  },
  read: (id, state) => Promise.resolve(refreshed<LocallySignedState>(id, state)),
  update: (_id, state, { earlyRenewalHours = 0 }) => Promise.resolve({ ...state, earlyRenewalHours }),
};

function extensionValue(extensions: Extensions | undefined, id: string): Buffer | undefined {
  const found = extensions?.find(({ extnID }) => extnID === id);
  return found && Buffer.from(found.extnValue.buffer);
}

/** BasicConstraints is a sequence that begins with `TRUE` when it is the certificate of an authority. */
function isAuthority(extensions: Extensions | undefined): boolean {
  return (
    extensionValue(extensions, "2.5.29.19")
      ?.subarray(2, 5)
      .equals(Buffer.from([0x01, 0x01, 0xff])) ?? false
  );
}

function keyIdOf(extensions: Extensions | undefined): Buffer | undefined {
  const value = extensionValue(extensions, "2.5.29.14");
  return value && Buffer.from(AsnConvert.parse(value, SubjectKeyIdentifier).buffer);
}

function isSameName(a: Name, b: Name): boolean {
  return Buffer.from(AsnConvert.serialize(a)).equals(Buffer.from(AsnConvert.serialize(b)));
}

/** The alternative names that a request asks for in its extension request. */
function requestedNames(
  attributes: CertificationRequest["certificationRequestInfo"]["attributes"],
): GeneralName[] {
  const value = attributes.find(({ type }) => type === "1.2.840.113549.1.9.14")?.values[0];
  const names = value && extensionValue(AsnConvert.parse(value, Extensions), "2.5.29.17");
  return names ? [...AsnConvert.parse(names, SubjectAlternativeName)] : [];
}
