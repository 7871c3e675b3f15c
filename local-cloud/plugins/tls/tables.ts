import type { Property, PropertyTable } from "../lib";

/** Inputs and outputs as `pulumi-tls` 5.6.1 publishes them; whatever is not marked `updates` replaces. */

const fixed = (type: Property["type"], more: Partial<Property> = {}): Property => ({
  type,
  replaces: true,
  ...more,
});
const output = (type: Property["type"], secret = false): Property => ({ type, ...(secret && { secret }) });

const text = fixed("string");
const texts = fixed({ list: "string" });
const flag = fixed("boolean");
const count = fixed("integer");
const required = { required: true };
const secret = { secret: true };

const subject = fixed({
  object: {
    commonName: text,
    country: text,
    emailAddress: text,
    locality: text,
    organization: text,
    organizationalUnit: text,
    postalCode: text,
    province: text,
    serialNumber: text,
    streetAddresses: texts,
  },
});

/** The key that signs. The write-only one is used and not kept in the outputs; its version replaces. */
const signingKey: PropertyTable = {
  privateKeyPem: fixed("string", secret),
  privateKeyPemWo: { type: "string", secret: true },
  privateKeyPemWoVersion: count,
};

const names: PropertyTable = { dnsNames: texts, ipAddresses: texts, uris: texts };

const certificate: PropertyTable = {
  allowedUses: fixed({ list: "string" }, required),
  earlyRenewalHours: { type: "integer" },
  isCaCertificate: flag,
  maxPathLength: count,
  setSubjectKeyId: flag,
  validityPeriodHours: fixed("integer", required),
};

const certificateOutputs: PropertyTable = {
  certPem: output("string"),
  readyForRenewal: output("boolean"),
  validityStartTime: output("string"),
  validityEndTime: output("string"),
};

export const privateKeyInputs: PropertyTable = {
  algorithm: fixed("string", { required: true, values: ["RSA", "ECDSA", "ED25519"] }),
  ecdsaCurve: fixed("string", { values: ["P224", "P256", "P384", "P521"] }),
  rsaBits: count,
};
export const publicKeyOutputs: PropertyTable = {
  publicKeyFingerprintMd5: output("string"),
  publicKeyFingerprintSha256: output("string"),
  publicKeyOpenssh: output("string"),
  publicKeyPem: output("string"),
};
export const privateKeyOutputs: PropertyTable = {
  privateKeyOpenssh: output("string", true),
  privateKeyPem: output("string", true),
  privateKeyPemPkcs8: output("string", true),
  ...publicKeyOutputs,
};

export const certRequestInputs: PropertyTable = { ...signingKey, ...names, subject };
export const certRequestOutputs: PropertyTable = {
  certRequestPem: output("string"),
  keyAlgorithm: output("string"),
};

export const selfSignedCertInputs: PropertyTable = {
  ...signingKey,
  ...names,
  ...certificate,
  setAuthorityKeyId: flag,
  subject,
};
export const selfSignedCertOutputs: PropertyTable = { ...certificateOutputs, keyAlgorithm: output("string") };

export const locallySignedCertInputs: PropertyTable = {
  ...certificate,
  caCertPem: fixed("string", required),
  caPrivateKeyPem: fixed("string", secret),
  caPrivateKeyPemWo: { type: "string", secret: true },
  caPrivateKeyPemWoVersion: count,
  certRequestPem: fixed("string", required),
};
export const locallySignedCertOutputs: PropertyTable = {
  ...certificateOutputs,
  caKeyAlgorithm: output("string"),
};

export const getPublicKeyInputs: PropertyTable = {
  privateKeyOpenssh: { type: "string", secret: true },
  privateKeyPem: { type: "string", secret: true },
};
export const getPublicKeyOutputs: PropertyTable = {
  ...publicKeyOutputs,
  algorithm: output("string"),
  id: output("string"),
};

export const providerConfig: PropertyTable = {
  proxy: {
    type: {
      object: {
        fromEnv: { type: "boolean" },
        password: { type: "string", secret: true },
        url: { type: "string" },
        username: { type: "string" },
      },
    },
  },
};
