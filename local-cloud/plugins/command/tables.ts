import type { Property, PropertyTable } from "../lib";

/** Inputs and outputs as `pulumi-command` 1.2.1 publishes them. */

const text: Property = { type: "string" };
const secretText: Property = { type: "string", secret: true };
const environment: Property = { type: { map: "string" } };
const triggers: Property = { type: { list: "any" }, replaces: true };
const logging: Property = { type: "string", values: ["stdout", "stderr", "stdoutAndStderr", "none"] };

const endpoint: PropertyTable = {
  agentSocketPath: text,
  dialErrorLimit: { type: "integer", default: 10 },
  host: { type: "string", required: true },
  hostKey: text,
  password: secretText,
  perDialTimeout: { type: "integer", default: 15 },
  port: { type: "number", default: 22 },
  privateKey: secretText,
  privateKeyPassword: secretText,
  user: { type: "string", default: "root" },
};

const connection: Property = {
  type: { object: { ...endpoint, proxy: { type: { object: endpoint } } } },
  required: true,
  secret: true,
};

const lifecycle: PropertyTable = { create: text, update: text, delete: text, triggers };

const localBase: PropertyTable = {
  addPreviousOutputInEnv: { type: "boolean" },
  archivePaths: { type: { list: "string" } },
  assetPaths: { type: { list: "string" } },
  dir: text,
  environment,
  interpreter: { type: { list: "string" } },
  logging,
  stdin: text,
};

export const localCommandInputs: PropertyTable = { ...lifecycle, ...localBase };
export const localRunInputs: PropertyTable = { ...localBase, command: { type: "string", required: true } };
export const localOutputs: PropertyTable = {
  stdout: text,
  stderr: text,
  assets: { type: { map: "asset" } },
  archive: { type: "asset" },
};

export const remoteCommandInputs: PropertyTable = {
  ...lifecycle,
  addPreviousOutputInEnv: { type: "boolean" },
  connection,
  environment,
  logging,
  stdin: text,
};
export const remoteCommandOutputs: PropertyTable = { stdout: text, stderr: text };

export const copyToRemoteInputs: PropertyTable = {
  connection,
  remotePath: { type: "string", required: true },
  source: { type: "asset", required: true },
  triggers,
};

/** The older way to copy; every change replaces. */
export const copyFileInputs: PropertyTable = {
  connection,
  localPath: { type: "string", required: true },
  remotePath: { type: "string", required: true },
  triggers,
};
