import { createHash, createPublicKey, sign, type KeyObject } from "node:crypto";
import { AsnConvert } from "@peculiar/asn1-schema";
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  GeneralName,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectPublicKeyInfo,
} from "@peculiar/asn1-x509";
import { algorithmOf, CURVES } from "./keys";

export interface Subject {
  readonly commonName?: string;
  readonly country?: string;
  readonly emailAddress?: string;
  readonly locality?: string;
  readonly organization?: string;
  readonly organizationalUnit?: string;
  readonly postalCode?: string;
  readonly province?: string;
  readonly serialNumber?: string;
  readonly streetAddresses?: readonly string[];
}

/** Subject alternative names. */
export interface Names {
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly uris?: readonly string[];
}

const EMAIL_ADDRESS = "1.2.840.113549.1.9.1";

/** Relative distinguished names in the order in which Go writes them. */
export function subjectName(subject: Subject = {}): Name {
  const parts: [string, readonly (string | undefined)[]][] = [
    ["2.5.4.6", [subject.country]],
    ["2.5.4.10", [subject.organization]],
    ["2.5.4.11", [subject.organizationalUnit]],
    ["2.5.4.7", [subject.locality]],
    ["2.5.4.8", [subject.province]],
    ["2.5.4.9", subject.streetAddresses ?? []],
    ["2.5.4.17", [subject.postalCode]],
    ["2.5.4.3", [subject.commonName]],
    ["2.5.4.5", [subject.serialNumber]],
    [EMAIL_ADDRESS, [subject.emailAddress]],
  ];
  const names = parts.flatMap(([type, values]) => {
    const given = values.filter((value): value is string => value !== undefined && value !== "");
    const attributes = given.map(
      (value) => new AttributeTypeAndValue({ type, value: attributeValue(type, value) }),
    );
    return attributes.length > 0 ? [new RelativeDistinguishedName(attributes)] : [];
  });
  return new Name(names);
}

function attributeValue(type: string, value: string): AttributeValue {
  if (type === EMAIL_ADDRESS) return new AttributeValue({ ia5String: value });
  const isPrintable = /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value);
  return new AttributeValue(isPrintable ? { printableString: value } : { utf8String: value });
}

export function alternativeNames({ dnsNames = [], ipAddresses = [], uris = [] }: Names): GeneralName[] {
  return [
    ...dnsNames.map((dNSName) => new GeneralName({ dNSName })),
    ...ipAddresses.map((iPAddress) => new GeneralName({ iPAddress })),
    ...uris.map((uniformResourceIdentifier) => new GeneralName({ uniformResourceIdentifier })),
  ];
}

export function subjectAlternativeName(names: readonly GeneralName[]): ArrayBuffer {
  return AsnConvert.serialize(new SubjectAlternativeName([...names]));
}

export function publicKeyInfo(key: KeyObject): SubjectPublicKeyInfo {
  const der = createPublicKey(key).export({ type: "spki", format: "der" });
  return AsnConvert.parse(der, SubjectPublicKeyInfo);
}

/** SHA-1 over the key's own encoding: PKCS#1 for RSA, the point for ECDSA, an octet string for ED25519. */
export function subjectKeyId(info: SubjectPublicKeyInfo): Buffer {
  const key = Buffer.from(info.subjectPublicKey);
  const isEd25519 = info.algorithm.algorithm === "1.3.101.112";
  const encoded = isEd25519 ? Buffer.concat([Buffer.from([0x04, key.length]), key]) : key;
  return createHash("sha1").update(encoded).digest();
}

interface Signature {
  readonly algorithm: AlgorithmIdentifier;
  /** Undefined where the algorithm brings its own. */
  readonly hash: string | undefined;
}

/** The signature that Go chooses for a key: SHA-256, and with P384 and P521 the hash of their strength. */
export function signatureFor(key: KeyObject): Signature {
  switch (algorithmOf(key)) {
    case "RSA":
      return { algorithm: identifier("1.2.840.113549.1.1.11", null), hash: "sha256" };
    case "ED25519":
      return { algorithm: identifier("1.3.101.112"), hash: undefined };
    case "ECDSA": {
      const curve = key.asymmetricKeyDetails?.namedCurve;
      if (curve === CURVES.P521) return { algorithm: identifier("1.2.840.10045.4.3.4"), hash: "sha512" };
      if (curve === CURVES.P384) return { algorithm: identifier("1.2.840.10045.4.3.3"), hash: "sha384" };
      return { algorithm: identifier("1.2.840.10045.4.3.2"), hash: "sha256" };
    }
  }
}

function identifier(algorithm: string, parameters?: null): AlgorithmIdentifier {
  return new AlgorithmIdentifier({ algorithm, ...(parameters === null && { parameters }) });
}

/** Signs what is to be signed, in the form that certificates and requests hold. */
export function signature(toBeSigned: object, key: KeyObject): ArrayBuffer {
  const bytes = sign(signatureFor(key).hash, Buffer.from(AsnConvert.serialize(toBeSigned)), key);
  return new Uint8Array(bytes).buffer;
}
