import type { DockerTable } from "./tables";

/**
 * The container's inputs as pulumi-docker 5.2.0 publishes them (on terraform-provider-docker): types and replacing inputs from its schema; defaults, sets and what the daemon may fill in
 * (`computed`) from the provider's own resource definition.
 */
const fixed = { replaces: true } as const;
const text = { type: "string" } as const;
const integer = { type: "integer" } as const;
const texts = { list: "string" } as const;
const textSet = { set: "string" } as const;
const textMap = { map: "string" } as const;
const fixedText = { ...text, ...fixed } as const;
const fixedInteger = { ...integer, ...fixed } as const;
const label = { label: { ...fixedText, required: true }, value: { ...fixedText, required: true } } as const;
const throttle = {
  type: {
    set: { type: { object: { path: { ...text, required: true }, rate: { ...integer, required: true } } } },
  },
} as const;

const labelled: DockerTable = {
  labels: { type: { set: { type: { object: label } } } },
};

const capabilities: DockerTable = {
  adds: { type: textSet, ...fixed },
  drops: { type: textSet, ...fixed },
};

const device: DockerTable = {
  hostPath: { ...fixedText, required: true },
  containerPath: fixedText,
  permissions: { ...fixedText, default: "rwm" },
};

const deviceRequest: DockerTable = {
  driver: { ...fixedText, default: "cdi" },
  count: { ...fixedInteger, default: 0 },
  deviceIds: { type: textSet, ...fixed },
  capabilities: { type: textSet, ...fixed },
  options: { type: textMap, ...fixed },
};

const healthcheck: DockerTable = {
  tests: { type: texts },
  interval: { ...text, default: "0s" },
  timeout: { ...text, default: "0s" },
  startPeriod: { ...text, default: "0s" },
  startInterval: { ...text, default: "0s" },
  retries: { ...integer, default: 0 },
};

const mount: DockerTable = {
  target: { ...text, required: true },
  source: text,
  type: { ...text, required: true },
  readOnly: { type: "boolean" },
  bindOptions: { type: { object: { propagation: text } } },
  volumeOptions: {
    type: {
      object: {
        noCopy: { type: "boolean" },
        ...labelled,
        driverName: text,
        driverOptions: { type: textMap },
        subpath: fixedText,
      },
    },
  },
  tmpfsOptions: { type: { object: { sizeBytes: integer, mode: integer } }, ...fixed },
};

const network: DockerTable = {
  name: { ...fixedText, required: true },
  aliases: { type: textSet, ...fixed },
  ipv4Address: fixedText,
  ipv6Address: fixedText,
  linkLocalIps: { type: textSet, ...fixed },
  macAddress: fixedText,
  driverOpts: { type: textSet, ...fixed },
  gwPriority: fixedInteger,
};

const port: DockerTable = {
  internal: { ...fixedInteger, required: true },
  external: { ...fixedInteger, computed: true },
  ip: { ...fixedText, default: "0.0.0.0" },
  protocol: { ...fixedText, default: "tcp" },
};

const upload: DockerTable = {
  content: fixedText,
  contentBase64: fixedText,
  file: { ...fixedText, required: true },
  owner: fixedText,
  group: fixedText,
  executable: { type: "boolean", ...fixed, default: false },
  permissions: fixedText,
  source: fixedText,
  sourceHash: fixedText,
};

const volume: DockerTable = {
  fromContainer: fixedText,
  containerPath: fixedText,
  hostPath: fixedText,
  volumeName: fixedText,
  readOnly: { type: "boolean", ...fixed },
  selinuxRelabel: fixedText,
};

const ulimit: DockerTable = {
  name: { ...fixedText, required: true },
  soft: { ...fixedInteger, required: true },
  hard: { ...fixedInteger, required: true },
};

const hostEntry: DockerTable = {
  ip: { ...fixedText, required: true },
  host: { ...fixedText, required: true },
};

export const containerInputs: DockerTable = {
  attach: { type: "boolean", default: false },
  capabilities: { type: { object: capabilities }, ...fixed },
  cgroupParent: fixedText,
  cgroupnsMode: fixedText,
  command: { type: texts, ...fixed, computed: true },
  containerReadRefreshTimeoutMilliseconds: { ...integer, default: 15_000 },
  cpuPeriod: integer,
  cpuQuota: integer,
  cpuSet: text,
  cpuShares: integer,
  cpus: fixedText,
  destroyGraceSeconds: integer,
  deviceCgroupRules: { type: textSet, ...fixed },
  deviceReadBps: throttle,
  deviceReadIops: throttle,
  deviceRequests: { type: { set: { type: { object: deviceRequest } } }, ...fixed },
  deviceWriteBps: throttle,
  deviceWriteIops: throttle,
  devices: { type: { set: { type: { object: device } } }, ...fixed },
  dns: { type: textSet, ...fixed },
  dnsOpts: { type: textSet, ...fixed },
  dnsSearches: { type: textSet, ...fixed },
  domainname: fixedText,
  entrypoints: { type: texts, ...fixed, computed: true },
  envs: { type: textSet, ...fixed, computed: true },
  gpus: fixedText,
  groupAdds: { type: textSet, ...fixed },
  healthcheck: { type: { object: healthcheck }, computed: true },
  hostname: { ...fixedText, computed: true },
  hosts: { type: { set: { type: { object: hostEntry } } }, ...fixed },
  image: { ...fixedText, required: true },
  init: { type: "boolean", computed: true },
  ipcMode: { ...fixedText, computed: true },
  labels: { type: { set: { type: { object: label } } }, ...fixed, computed: true },
  logDriver: { ...fixedText, computed: true },
  logOpts: { type: textMap, ...fixed },
  logs: { type: "boolean", default: false },
  maxRetryCount: integer,
  memory: integer,
  memoryReservation: { ...integer, default: 0 },
  memorySwap: integer,
  mounts: { type: { set: { type: { object: mount } } }, ...fixed },
  mustRun: { type: "boolean", default: true },
  name: fixedText,
  networkMode: { ...fixedText, default: "bridge" },
  networksAdvanced: { type: { set: { type: { object: network } } }, ...fixed },
  pidMode: fixedText,
  platform: { ...fixedText, computed: true },
  ports: { type: { set: { type: { object: port } } }, ...fixed },
  privileged: { type: "boolean", ...fixed },
  publishAllPorts: { type: "boolean", ...fixed },
  readOnly: { type: "boolean", ...fixed, default: false },
  removeVolumes: { type: "boolean", default: true },
  restart: { ...text, default: "no" },
  rm: { type: "boolean", default: false },
  runtime: { ...fixedText, computed: true },
  securityOpts: { type: textSet, ...fixed, computed: true },
  shmSize: { ...fixedInteger, computed: true },
  start: { type: "boolean", default: true },
  stdinOpen: { type: "boolean", ...fixed, default: false },
  stopSignal: { ...fixedText, computed: true },
  stopTimeout: { ...fixedInteger, computed: true },
  storageOpts: { type: textMap, ...fixed },
  sysctls: { type: textMap, ...fixed },
  tmpfs: { type: textMap },
  tty: { type: "boolean", ...fixed, default: false },
  ulimits: { type: { set: { type: { object: ulimit } } }, ...fixed },
  uploads: { type: { set: { type: { object: upload } } }, ...fixed },
  user: { ...fixedText, emptyIsUnset: true },
  usernsMode: fixedText,
  volumes: { type: { set: { type: { object: volume } } }, ...fixed },
  wait: { type: "boolean", default: false },
  waitTimeout: { ...integer, default: 60 },
  workingDir: { ...fixedText, emptyIsUnset: true },
};

export const containerOutputs: DockerTable = {
  bridge: text,
  containerLogs: text,
  exitCode: integer,
  networkDatas: {
    type: {
      list: {
        type: {
          object: {
            networkName: text,
            ipAddress: text,
            ipPrefixLength: integer,
            gateway: text,
            globalIpv6Address: text,
            globalIpv6PrefixLength: integer,
            ipv6Gateway: text,
            macAddress: text,
          },
        },
      },
    },
  },
};
