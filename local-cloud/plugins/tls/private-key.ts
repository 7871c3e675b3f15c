import { createPrivateKey, generateKeyPair, type KeyObject } from "node:crypto";
import sshpk from "sshpk";
import { promisify } from "node:util";
import type { FunctionType, ResourceType } from "../lib";
import { effectiveChanges } from "./effective-changes";
import {
  algorithmOf,
  CURVES,
  keyId,
  parsePrivateKeyPem,
  publicKeyOutputs,
  toOpenssh,
  toTraditionalPem,
  type Algorithm,
  type PublicKeyOutputs,
} from "./keys";
import { getPublicKeyInputs, getPublicKeyOutputs, privateKeyInputs, privateKeyOutputs } from "./tables";

interface Inputs {
  readonly algorithm: Algorithm;
  readonly ecdsaCurve?: keyof typeof CURVES;
  readonly rsaBits?: number;
}

interface State extends Required<Inputs>, PublicKeyOutputs {
  readonly privateKeyPem: string;
  readonly privateKeyOpenssh: string;
  readonly privateKeyPemPkcs8: string;
}

/** Values of inputs that are left out; both are in the outputs whatever the algorithm. */
const DEFAULTS = { ecdsaCurve: "P224", rsaBits: 2048 } as const;

export const privateKey: ResourceType<Inputs, State> = {
  schema: { inputs: privateKeyInputs, outputs: privateKeyOutputs },
  diff: (changes, { state, news }) => effectiveChanges(changes, DEFAULTS, state, news),
  preview: (news) => ({ ...DEFAULTS, ...news }),
  async create(inputs) {
    const settings = { ...DEFAULTS, ...inputs };
    const key = await generate(settings);
    const outputs = {
      ...settings,
      privateKeyPem: toTraditionalPem(key),
      privateKeyOpenssh: toOpenssh(key),
      privateKeyPemPkcs8: key.export({ type: "pkcs8", format: "pem" }).toString(),
      ...publicKeyOutputs(key),
    };
    return { id: keyId(key), outputs };
  },
};

async function generate({ algorithm, ecdsaCurve, rsaBits }: Required<Inputs>): Promise<KeyObject> {
  switch (algorithm) {
    case "RSA":
      return (await promisify(generateKeyPair)("rsa", { modulusLength: rsaBits })).privateKey;
    case "ECDSA":
      return (await promisify(generateKeyPair)("ec", { namedCurve: CURVES[ecdsaCurve] })).privateKey;
    case "ED25519":
      return (await promisify(generateKeyPair)("ed25519", undefined)).privateKey;
  }
}

interface GetPublicKeyArgs {
  readonly privateKeyOpenssh?: string;
  readonly privateKeyPem?: string;
}

interface GetPublicKeyResult extends GetPublicKeyArgs, PublicKeyOutputs {
  readonly algorithm: Algorithm;
  readonly id: string;
}

export const getPublicKey: FunctionType<GetPublicKeyArgs, GetPublicKeyResult> = {
  schema: { inputs: getPublicKeyInputs, outputs: getPublicKeyOutputs },
  async invoke(args) {
    const { privateKeyOpenssh, privateKeyPem } = args;
    if ((privateKeyOpenssh === undefined) === (privateKeyPem === undefined)) {
      throw new Error("exactly one of privateKeyOpenssh and privateKeyPem must be given");
    }
    const key =
      privateKeyPem === undefined
        ? parseOpenssh(privateKeyOpenssh ?? "")
        : parsePrivateKeyPem(privateKeyPem, "privateKeyPem");
    return { ...args, algorithm: algorithmOf(key), id: keyId(key), ...publicKeyOutputs(key) };
  },
};

function parseOpenssh(text: string): KeyObject {
  try {
    const key = sshpk.parsePrivateKey(text, "ssh-private");
    return key.type === "ed25519" ? ed25519Key(key) : createPrivateKey(key.toString("pkcs8"));
  } catch {
    throw new Error("privateKeyOpenssh: must be an unencrypted private key in OpenSSH's format");
  }
}

/** sshpk adds the public key to PKCS#8, which OpenSSL 3.0 does not read. */
function ed25519Key({ part }: sshpk.PrivateKey): KeyObject {
  const parts = part as unknown as Record<string, { data: Buffer }>; // its typings name other members
  const [x, d] = [parts["A"], parts["k"]].map((member) => member?.data.toString("base64url"));
  return createPrivateKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x, d } });
}
