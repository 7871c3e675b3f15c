import type { ContainerCreateOptions, HostConfig } from "dockerode";
import { mountsOf } from "./create-mounts";
import { labelsOf } from "./named";
import type { ContainerInputs } from "./inputs";
import { MEBIBYTE, parseCpus, parseDuration } from "./units";

/** What the daemon is asked to create: the query's part and the body's part. */
export interface CreateRequest {
  readonly query: { readonly name: string; readonly platform?: string };
  readonly body: ContainerCreateOptions;
}

/**
 * The create call for a container's inputs (defaults filled in).
 * @param apiVersion of the daemon, `1.41`; some inputs need a later one
 */
export function createRequest(inputs: ContainerInputs, apiVersion: string): CreateRequest {
  if (inputs.command?.includes("")) throw new Error("values for command may not be empty");
  const { name = "", hostname = "", domainname = "", tty = false, stdinOpen = false } = inputs;
  const body: ContainerCreateOptions = {
    Image: inputs.image,
    Hostname: hostname,
    Domainname: domainname,
    Tty: tty,
    OpenStdin: stdinOpen,
    ...some("StopSignal", inputs.stopSignal),
    ...some("StopTimeout", inputs.stopTimeout),
    ...some("Env", inputs.envs),
    ...some("Cmd", inputs.command),
    ...some("Entrypoint", inputs.entrypoints),
    ...some("User", inputs.user),
    ...some("WorkingDir", inputs.workingDir),
    ...some("Labels", labelsOf(inputs.labels)),
    ...collections(inputs),
    HostConfig: hostConfig(inputs, apiVersion),
  };
  return { query: { name, ...some("platform", inputs.platform) }, body };
}

function collections({ ports = [], volumes = [], healthcheck }: ContainerInputs): ContainerCreateOptions {
  const paths = volumes.flatMap(({ containerPath }) => (containerPath ? [[containerPath, {}]] : []));
  return {
    ...some("ExposedPorts", Object.fromEntries(ports.map((port) => [portKey(port), {}]))),
    ...some("Volumes", Object.fromEntries(paths) as Record<string, object>),
    ...(healthcheck && { Healthcheck: healthcheckOf(healthcheck) }),
  };
}

/** A member of the body, left out where the input is unset or its type's zero, as the published plugin does. */
export function some<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  const empty =
    value === undefined ||
    value === null ||
    value === "" ||
    value === 0 ||
    value === false ||
    (Array.isArray(value) && value.length === 0) ||
    (typeof value === "object" && Object.keys(value).length === 0);
  return empty ? {} : ({ [key]: value } as Record<K, V>);
}

function portKey(port: { internal: number; protocol?: string }): string {
  return `${port.internal}/${port.protocol ?? "tcp"}`;
}

function healthcheckOf(
  check: NonNullable<ContainerInputs["healthcheck"]>,
): ContainerCreateOptions["Healthcheck"] {
  return {
    Test: check.tests ?? [],
    Interval: parseDuration(check.interval ?? "0s") ?? 0,
    Timeout: parseDuration(check.timeout ?? "0s") ?? 0,
    StartPeriod: parseDuration(check.startPeriod ?? "0s") ?? 0,
    ...some("StartInterval", parseDuration(check.startInterval ?? "0s")),
    Retries: check.retries ?? 0,
  };
}

function hostConfig(inputs: ContainerInputs, apiVersion: string): HostConfig {
  const { mounts = [], volumes = [], securityOpts = [], capabilities = {} } = inputs;
  return {
    ...switches(inputs),
    ...policies(inputs),
    Mounts: mountsOf(mounts, apiVersion),
    ...networking(inputs),
    ...some("Runtime", inputs.runtime),
    ...some("Tmpfs", inputs.tmpfs),
    ...some("Binds", bindsOf(volumes)),
    ...some(
      "VolumesFrom",
      volumes.flatMap((v) => (v.fromContainer ? [v.fromContainer] : [])),
    ),
    ...some(
      "Ulimits",
      inputs.ulimits?.map((u) => ({ Name: u.name, Soft: u.soft, Hard: u.hard })),
    ),
    ...some("CapAdd", capabilities.adds),
    ...some("CapDrop", capabilities.drops),
    ...securityOf(securityOpts),
    ...some("UsernsMode", inputs.usernsMode),
    ...some("PidMode", inputs.pidMode),
    ...some("Sysctls", inputs.sysctls),
    ...some("IpcMode", inputs.ipcMode),
    ...some("GroupAdd", inputs.groupAdds),
    ...some("CgroupnsMode", cgroupnsMode(inputs.cgroupnsMode)),
    ...some("CgroupParent", inputs.cgroupParent),
    ...some("StorageOpt", inputs.storageOpts),
    ...cpusOf(inputs),
    ...resourcesOf(inputs),
    ...devicesOf(inputs),
  };
}

function switches(inputs: ContainerInputs): HostConfig {
  const { privileged = false, publishAllPorts = false, rm = false, readOnly = false, init = false } = inputs;
  return {
    Privileged: privileged,
    PublishAllPorts: publishAllPorts,
    AutoRemove: rm,
    ReadonlyRootfs: readOnly,
    Init: init,
  };
}

function policies(inputs: ContainerInputs): HostConfig {
  const { restart = "no", maxRetryCount = 0, logDriver = "", logOpts = {}, shmSize = 0 } = inputs;
  return {
    RestartPolicy: { Name: restart, MaximumRetryCount: maxRetryCount },
    LogConfig: { Type: logDriver, Config: logOpts },
    ...some("ShmSize", shmSize * MEBIBYTE),
  };
}

function networking(inputs: ContainerInputs): HostConfig {
  return {
    ...some("PortBindings", portBindings(inputs.ports ?? [])),
    ...some(
      "ExtraHosts",
      inputs.hosts?.map(({ host, ip }) => `${host}:${ip}`),
    ),
    ...some("Dns", inputs.dns),
    ...some("DnsOptions", inputs.dnsOpts),
    ...some("DnsSearch", inputs.dnsSearches),
    ...some("NetworkMode", inputs.networkMode),
  };
}

/** `systempaths=unconfined` is no option of the daemon: clients turn it into two empty lists. */
function securityOf(options: readonly string[]): HostConfig {
  const rest = options.filter((option) => option !== "systempaths=unconfined");
  if (rest.length === options.length) return some("SecurityOpt", rest);
  return { SecurityOpt: rest, MaskedPaths: [], ReadonlyPaths: [] };
}

function cgroupnsMode(mode: string | undefined): "private" | "host" | undefined {
  if (mode === undefined || mode === "") return undefined;
  if (mode === "private" || mode === "host") return mode;
  throw new Error("cgroupns_mode: invalid CGROUP mode, must be either 'private', 'host' or empty");
}

function portBindings(ports: NonNullable<ContainerInputs["ports"]>): HostConfig["PortBindings"] {
  const bindings: Record<string, { HostPort: string; HostIp: string }[]> = {};
  for (const port of ports) {
    const binding = { HostPort: String(port.external ?? 0), HostIp: port.ip || "0.0.0.0" };
    (bindings[portKey(port)] ??= []).push(binding);
  }
  return bindings;
}

function bindsOf(volumes: NonNullable<ContainerInputs["volumes"]>): string[] {
  return volumes.flatMap((volume) => {
    const { fromContainer, containerPath, readOnly, selinuxRelabel } = volume;
    if (!fromContainer && !containerPath)
      throw new Error("volume entry without container path or source container");
    if (fromContainer && containerPath)
      throw new Error("both a container and a path specified in a volume entry");
    const source = volume.hostPath || volume.volumeName;
    if (fromContainer || !source) return [];
    const mode = (readOnly ? "ro" : "rw") + (selinuxRelabel ? `,${selinuxRelabel}` : "");
    return [`${source}:${containerPath}:${mode}`];
  });
}

function cpusOf(inputs: ContainerInputs): HostConfig {
  if (inputs.cpus) return { NanoCpus: parseCpus(inputs.cpus) };
  return { ...some("CpuPeriod", inputs.cpuPeriod), ...some("CpuQuota", inputs.cpuQuota) };
}

/** What the daemon can change in a container that exists; sizes are given in MiB, swap also as -1. */
export function resourcesOf(inputs: ContainerInputs): HostConfig {
  const swap = inputs.memorySwap ?? 0;
  return {
    CpuShares: inputs.cpuShares ?? 0,
    Memory: (inputs.memory ?? 0) * MEBIBYTE,
    MemoryReservation: (inputs.memoryReservation ?? 0) * MEBIBYTE,
    CpusetCpus: inputs.cpuSet ?? "",
    ...some("MemorySwap", swap > 0 ? swap * MEBIBYTE : swap),
    ...some("BlkioDeviceReadBps", throttles(inputs.deviceReadBps)),
    ...some("BlkioDeviceReadIOps", throttles(inputs.deviceReadIops)),
    ...some("BlkioDeviceWriteBps", throttles(inputs.deviceWriteBps)),
    ...some("BlkioDeviceWriteIOps", throttles(inputs.deviceWriteIops)),
  };
}

function throttles(
  limits: readonly { path: string; rate: number }[] | undefined,
): { Path: string; Rate: number }[] {
  return (limits ?? []).map(({ path, rate }) => ({ Path: path, Rate: rate }));
}

function devicesOf(inputs: ContainerInputs): HostConfig {
  const requests = inputs.gpus
    ? [gpuRequest(inputs.gpus)]
    : inputs.deviceRequests?.map((request) => ({
        Driver: request.driver ?? "cdi",
        Count: request.count ?? 0,
        DeviceIDs: request.deviceIds ?? [],
        Capabilities: [request.capabilities ?? []],
        Options: request.options ?? {},
      }));
  const devices = inputs.devices?.map((device) => ({
    PathOnHost: device.hostPath,
    PathInContainer: device.containerPath || device.hostPath,
    CgroupPermissions: device.permissions ?? "rwm",
  }));
  return {
    ...some("Devices", devices),
    ...some("DeviceRequests", requests),
    ...some("DeviceCgroupRules", inputs.deviceCgroupRules),
  };
}

/** `all`, or `device=0`: the forms that read back; Docker's others are refused rather than guessed at. */
function gpuRequest(text: string): {
  Driver: string;
  Count: number;
  DeviceIDs?: string[];
  Capabilities: string[][];
} {
  const value = text.trim().replace(/^(["'])(.*)\1$/, "$2");
  if (value === "all") return { Driver: "", Count: -1, Capabilities: [["gpu"]] };
  const device = /^device=([\w-]+(?:,[\w-]+)*)$/.exec(value)?.[1];
  if (device === undefined)
    throw new Error(`gpus: must be "all" or "device=..." here, got ${JSON.stringify(text)}`);
  return { Driver: "", Count: 0, DeviceIDs: device.split(","), Capabilities: [["gpu"]] };
}
