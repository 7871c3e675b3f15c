import type { PropertyTable, ResourceSchema } from "../lib";

const string = { type: "string" } as const;
const number = { type: "number" } as const;
const boolean = { type: "boolean" } as const;

const DNS_DATA: PropertyTable = {
  algorithm: number,
  altitude: number,
  certificate: string,
  digest: string,
  digestType: number,
  fingerprint: string,
  flags: { type: "any" },
  keyTag: number,
  latDegrees: number,
  latDirection: string,
  latMinutes: number,
  latSeconds: number,
  longDegrees: number,
  longDirection: string,
  longMinutes: number,
  longSeconds: number,
  matchingType: number,
  order: number,
  port: number,
  precisionHorz: number,
  precisionVert: number,
  preference: number,
  priority: number,
  protocol: number,
  publicKey: string,
  regex: string,
  replacement: string,
  selector: number,
  service: string,
  size: number,
  tag: string,
  target: string,
  type: number,
  usage: number,
  value: string,
  weight: number,
};

/** Inputs, what replaces and outputs of each resource type, as @pulumi/cloudflare 6.22.1 has them. */
export const DNS_RECORD: ResourceSchema = {
  inputs: {
    comment: string,
    content: string,
    data: { type: { object: DNS_DATA } },
    includeShadowMetadata: boolean,
    name: { ...string, required: true },
    priority: number,
    privateRouting: boolean,
    proxied: boolean,
    settings: { type: { object: { flattenCname: boolean, ipv4Only: boolean, ipv6Only: boolean } } },
    tags: { type: { set: "string" } },
    ttl: { ...number, required: true },
    type: { ...string, required: true, replaces: true },
    zoneId: { ...string, required: true, replaces: true },
  },
  outputs: {
    commentModifiedOn: string,
    createdOn: string,
    meta: string,
    modifiedOn: string,
    proxiable: boolean,
    tagsModifiedOn: string,
  },
};

export const ZONE_SETTING: ResourceSchema = {
  inputs: {
    enabled: boolean,
    settingId: { ...string, required: true, replaces: true },
    value: { type: "any", required: true },
    zoneId: { ...string, required: true, replaces: true },
  },
  outputs: { editable: boolean, modifiedOn: string, timeRemaining: number },
};

export const ORIGIN_CA_CERTIFICATE: ResourceSchema = {
  inputs: {
    csr: { ...string, required: true, replaces: true },
    hostnames: { type: { list: "string" }, required: true, replaces: true },
    requestType: { ...string, required: true, replaces: true },
    requestedValidity: { ...number, replaces: true },
  },
  outputs: { certificate: string, expiresOn: string },
};

const ZONE_OUTPUTS: PropertyTable = {
  activatedOn: string,
  cnameSuffix: string,
  createdOn: string,
  developmentMode: number,
  meta: { type: "any" },
  modifiedOn: string,
  nameServers: { type: { list: "string" } },
  originalDnshost: string,
  originalNameServers: { type: { list: "string" } },
  originalRegistrar: string,
  owner: { type: "any" },
  permissions: { type: { list: "string" } },
  plan: { type: "any" },
  status: string,
  tenant: { type: "any" },
  tenantUnit: { type: "any" },
  verificationKey: string,
};

export const ZONE: ResourceSchema = {
  inputs: {
    account: { type: { object: { id: string } }, required: true, replaces: true },
    name: { ...string, required: true, replaces: true },
    paused: boolean,
    type: string,
    vanityNameServers: { type: { list: "string" } },
  },
  outputs: ZONE_OUTPUTS,
};

export const ZONE_DNSSEC: ResourceSchema = {
  inputs: {
    dnssecMultiSigner: boolean,
    dnssecPresigned: boolean,
    dnssecUseNsec3: boolean,
    status: string,
    zoneId: { ...string, required: true, replaces: true },
  },
  outputs: {
    algorithm: string,
    digest: string,
    digestAlgorithm: string,
    digestType: string,
    ds: string,
    flags: number,
    keyTag: number,
    keyType: string,
    modifiedOn: string,
    publicKey: string,
  },
};

const account = { type: { object: { id: string, name: string } } } as const;
const types = { type: { list: "string" } } as const;
const zoneFilter: PropertyTable = {
  account,
  direction: string,
  match: string,
  name: string,
  order: string,
  status: string,
  types,
};

export const GET_ZONE: ResourceSchema = {
  inputs: { filter: { type: { object: zoneFilter } }, zoneId: string },
  outputs: {
    ...ZONE_OUTPUTS,
    account: { type: "any" },
    id: string,
    name: string,
    paused: boolean,
    type: string,
    vanityNameServers: types,
  },
};

export const GET_ZONES: ResourceSchema = {
  inputs: { ...zoneFilter, maxItems: number },
  outputs: { results: { type: { list: "any" } } },
};

export const GET_IP_RANGES: ResourceSchema = {
  inputs: { networks: string },
  outputs: { etag: string, ipv4Cidrs: types, ipv6Cidrs: types, jdcloudCidrs: types },
};

export const GET_ZONE_SETTING: ResourceSchema = {
  inputs: { settingId: { ...string, required: true }, zoneId: string },
  outputs: {
    editable: boolean,
    enabled: boolean,
    id: string,
    modifiedOn: string,
    timeRemaining: number,
    value: { type: "any" },
  },
};

const text = { exact: string, contains: string, startswith: string, endswith: string };
const textOrNone = { ...text, present: string, absent: string };

export const GET_DNS_RECORDS: ResourceSchema = {
  inputs: {
    comment: { type: { object: textOrNone } },
    content: { type: { object: text } },
    direction: string,
    includeShadowMetadata: boolean,
    match: string,
    maxItems: number,
    name: { type: { object: text } },
    order: string,
    proxied: boolean,
    search: string,
    shadowedByName: string,
    shadowingName: string,
    tag: { type: { object: textOrNone } },
    tagMatch: string,
    type: string,
    zoneId: string,
  },
  outputs: { results: { type: { list: "any" } } },
};
