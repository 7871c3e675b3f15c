import type { Property } from "../lib/schema";

/** A property as the Terraform provider under the published plugin knows it. */
export interface DockerProperty extends Property {
  /** The daemon fills it in: left out by the program, it never makes a diff. @default false */
  readonly computed?: boolean;
  /** An empty text leaves it to the image and makes no diff. @default false */
  readonly emptyIsUnset?: boolean;
}

export type DockerTable = Readonly<Record<string, DockerProperty>>;

const fixed = { replaces: true } as const;
const text = { type: "string" } as const;
const fixedText = { ...text, ...fixed } as const;
const fixedMap = { type: { map: "string" }, ...fixed } as const;
const fixedTexts = { type: { set: "string" }, ...fixed } as const;
const labels = {
  type: {
    set: {
      type: { object: { label: { ...fixedText, required: true }, value: { ...fixedText, required: true } } },
    },
  },
  ...fixed,
} as const;

const registryAuth: DockerTable = {
  address: { ...text, required: true },
  authDisabled: { type: "boolean", default: false },
  configFile: text,
  configFileContent: text,
  username: text,
  password: { ...text, secret: true },
};

export const providerConfig: DockerTable = {
  caMaterial: text,
  certMaterial: text,
  certPath: text,
  context: text,
  disableDockerDaemonCheck: { type: "boolean" },
  host: text,
  keyMaterial: text,
  registryAuth: { type: { list: { type: { object: registryAuth } } } },
  sshOpts: { type: { list: "string" } },
};

export const networkInputs: DockerTable = {
  attachable: { type: "boolean", ...fixed },
  driver: { ...fixedText, computed: true },
  ingress: { type: "boolean", ...fixed },
  internal: { type: "boolean", ...fixed, computed: true },
  ipamConfigs: {
    type: {
      set: {
        type: { object: { subnet: fixedText, ipRange: fixedText, gateway: fixedText, auxAddress: fixedMap } },
      },
    },
    ...fixed,
    computed: true,
  },
  ipamDriver: { ...fixedText, default: "default" },
  ipamOptions: fixedMap,
  ipv6: { type: "boolean", ...fixed },
  labels,
  name: fixedText,
  options: { ...fixedMap, computed: true },
};

export const volumeInputs: DockerTable = {
  cluster: { type: "any" },
  driver: { ...fixedText, computed: true },
  driverOpts: fixedMap,
  labels,
  name: fixedText,
};

export const remoteImageInputs: DockerTable = {
  build: { type: "any" },
  forceRemove: { type: "boolean" },
  keepLocally: { type: "boolean" },
  name: { ...fixedText, required: true },
  platform: { ...fixedText, default: "" },
  pullTriggers: fixedTexts,
  triggers: fixedMap,
};

export const registryImageInputs: DockerTable = {
  authConfig: {
    type: {
      object: { address: { ...text, required: true }, username: text, password: { ...text, secret: true } },
    },
  },
  build: { type: "any" },
  insecureSkipVerify: { type: "boolean", default: false },
  keepRemotely: { type: "boolean", default: false },
  name: fixedText,
  triggers: fixedMap,
};

export const tagInputs: DockerTable = {
  sourceImage: { ...fixedText, required: true },
  tagTriggers: fixedTexts,
  targetImage: { ...fixedText, required: true },
};
