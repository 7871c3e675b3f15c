import { createHash } from "node:crypto";
import { isIP } from "node:net";
import { Attributes, CertificationRequest, CertificationRequestInfo } from "@peculiar/asn1-csr";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import { Attribute, Extension, Extensions } from "@peculiar/asn1-x509";
import type { CheckFailure, ResourceType } from "../lib";
import { effectiveChanges } from "./effective-changes";
import { algorithmOf, parsePrivateKeyPem, toPem, type Algorithm } from "./keys";
import { certRequestInputs, certRequestOutputs } from "./tables";
import {
  alternativeNames,
  publicKeyInfo,
  signature,
  signatureFor,
  subjectAlternativeName,
  subjectName,
  type Names,
  type Subject,
} from "./x509";

/** The key that signs, kept in the state or, write-only, not. */
export interface SigningKey {
  readonly privateKeyPem?: string;
  readonly privateKeyPemWo?: string;
  readonly privateKeyPemWoVersion?: number;
}

interface Inputs extends SigningKey, Names {
  readonly subject?: Subject;
}

interface State extends Inputs {
  readonly certRequestPem: string;
  readonly keyAlgorithm: Algorithm;
}

const EXTENSION_REQUEST = "1.2.840.113549.1.9.14";
const SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";

export const certRequest: ResourceType<Inputs, State> = {
  schema: { inputs: certRequestInputs, outputs: certRequestOutputs },
  check: (news) => [...checkSigningKey("privateKeyPem", { ...news }), ...checkNames(news)],
  diff: (changes, { state, news }) => effectiveChanges(changes, {}, state, news),
  create(inputs) {
    const key = parsePrivateKeyPem(inputs.privateKeyPem ?? inputs.privateKeyPemWo ?? "", "privateKeyPem");
    const certificationRequestInfo = new CertificationRequestInfo({
      version: 0,
      subject: subjectName(inputs.subject),
      subjectPKInfo: publicKeyInfo(key),
      attributes: requestedNames(inputs),
    });
    const request = new CertificationRequest({
      certificationRequestInfo,
      signatureAlgorithm: signatureFor(key).algorithm,
      signature: signature(certificationRequestInfo, key),
    });
    const der = Buffer.from(AsnConvert.serialize(request));
    const { privateKeyPemWo: _, ...kept } = inputs;
    return Promise.resolve({
      id: createHash("sha1").update(der).digest("hex"),
      outputs: { ...kept, certRequestPem: toPem("CERTIFICATE REQUEST", der), keyAlgorithm: algorithmOf(key) },
    });
  },
};

function requestedNames(inputs: Inputs): Attributes {
  const names = alternativeNames(inputs);
  if (names.length === 0) return new Attributes();
  const extension = new Extension({
    extnID: SUBJECT_ALTERNATIVE_NAME,
    critical: subjectName(inputs.subject).length === 0,
    extnValue: new OctetString(subjectAlternativeName(names)),
  });
  const values = [AsnConvert.serialize(new Extensions([extension]))];
  return new Attributes([new Attribute({ type: EXTENSION_REQUEST, values })]);
}

/** Exactly one of a key and its write-only twin must be given. */
export function checkSigningKey(name: string, inputs: Readonly<Record<string, unknown>>): CheckFailure[] {
  const given = [name, `${name}Wo`].filter((key) => inputs[key] !== undefined);
  if (given.length === 1) return [];
  return [{ property: name, reason: `exactly one of ${name} and ${name}Wo must be given` }];
}

/** Addresses must be such; a preview's unknown ones are let through. */
export function checkNames({ ipAddresses = [] }: Names): CheckFailure[] {
  const addresses: readonly unknown[] = Array.isArray(ipAddresses) ? ipAddresses : [];
  return addresses.flatMap((address, i) =>
    typeof address === "string" && isIP(address) === 0
      ? [{ property: `ipAddresses[${i}]`, reason: "must be an IP address" }]
      : [],
  );
}
