import { listed, type ContainerAnswer, type HealthcheckAnswer, type HostAnswer } from "./answers";
import { containerInputs } from "./container-table";
import type { ContainerState } from "./inputs";
import { asWritten, isZero } from "./plan";
import { hostsOf, mountsRead, networkDatasOf, portsOf } from "./read-lists";
import { formatDuration, MEBIBYTE } from "./units";

/** Filled in by the daemon, so part of the outputs even where empty. */
const ALWAYS: ReadonlySet<string> = new Set([
  "bridge",
  "command",
  "entrypoints",
  "envs",
  "labels",
  "securityOpts",
]);

type Read = Partial<Record<keyof ContainerState, unknown>>;

/**
 * A container's outputs: what the program wrote (or the last state) with everything over it that the
 * published plugin reads back. It reads neither env, labels, uploads, volumes nor networks.
 */
export function readBack(prior: ContainerState, info: ContainerAnswer): ContainerState {
  const read: Read = { ...basics(prior, info), ...hostSettings(prior, info), ...runningState(prior, info) };
  const written: Record<string, unknown> = { ...prior };
  const outputs: Record<string, unknown> = { envs: [], labels: [], ...prior };
  for (const [key, actual] of Object.entries(read)) {
    const property = containerInputs[key];
    const value = property ? asWritten(property, written[key], actual) : actual;
    if (!isZero(value) || written[key] !== undefined || ALWAYS.has(key))
      outputs[key] = zeroed(value, written[key]);
  }
  return outputs as unknown as ContainerState;
}

/** An empty answer for something that the program wrote shows as empty, not as left out. */
function zeroed(value: unknown, written: unknown): unknown {
  if (value !== undefined && value !== null) return value;
  return Array.isArray(written) ? [] : typeof written === "object" ? {} : undefined;
}

function basics(prior: ContainerState, info: ContainerAnswer): Read {
  const { Config: config, HostConfig: host } = info;
  return {
    name: info.Name.replace(/^\/+/, ""),
    // an image given by id is shown by id, one given by name by name
    image: prior.image.startsWith("sha256:") ? info.Image : config.Image,
    hostname: config.Hostname,
    domainname: config.Domainname,
    command: listed(config.Cmd),
    entrypoints: [config.Entrypoint ?? []].flat(),
    user: config.User,
    workingDir: config.WorkingDir,
    tty: config.Tty,
    stdinOpen: config.OpenStdin,
    stopSignal: config.StopSignal,
    stopTimeout: config.StopTimeout,
    platform: info.Platform,
    rm: host.AutoRemove,
    readOnly: host.ReadonlyRootfs,
    restart: host.RestartPolicy?.Name,
    maxRetryCount: host.RestartPolicy?.MaximumRetryCount,
    ...(config.Healthcheck && { healthcheck: healthcheckOf(config.Healthcheck) }),
  };
}

function healthcheckOf(check: HealthcheckAnswer): object {
  const { Interval = 0, Timeout = 0, StartPeriod = 0, StartInterval = 0, Retries = 0 } = check;
  return {
    tests: listed(check.Test),
    interval: formatDuration(Interval),
    timeout: formatDuration(Timeout),
    startPeriod: formatDuration(StartPeriod),
    startInterval: formatDuration(StartInterval),
    retries: Retries,
  };
}

function hostSettings(prior: ContainerState, { HostConfig: host }: ContainerAnswer): Read {
  return {
    dns: host.Dns,
    dnsOpts: host.DnsOptions,
    dnsSearches: host.DnsSearch,
    securityOpts: listed(host.SecurityOpt),
    publishAllPorts: host.PublishAllPorts,
    init: host.Init ?? false,
    runtime: host.Runtime,
    mounts: mountsRead(prior.mounts, listed(host.Mounts)),
    tmpfs: host.Tmpfs,
    hosts: hostsOf(listed(host.ExtraHosts)),
    privileged: host.Privileged,
    logDriver: host.LogConfig?.Type,
    storageOpts: host.StorageOpt,
    networkMode: host.NetworkMode,
    usernsMode: host.UsernsMode,
    sysctls: host.Sysctls,
    ipcMode: host.IpcMode,
    groupAdds: host.GroupAdd,
    ...capabilities(host),
    ...onlyIfWritten(prior, host),
    ...devices(prior, host),
    ...limits(host),
  };
}

function capabilities({ CapAdd, CapDrop }: HostAnswer): Read {
  const [adds, drops] = [listed(CapAdd), listed(CapDrop)];
  return adds.length + drops.length > 0 ? { capabilities: { adds, drops } } : {};
}

/** What the published plugin reads only where the program wrote it. */
function onlyIfWritten(prior: ContainerState, host: HostAnswer): Read {
  const ulimits = listed(host.Ulimits).map(({ Name, Soft, Hard }) => ({
    name: Name,
    soft: Soft,
    hard: Hard,
  }));
  return {
    ...(!isZero(prior.ulimits) && { ulimits }),
    ...(!isZero(prior.logOpts) && { logOpts: host.LogConfig?.Config }),
    ...(!isZero(prior.pidMode) && { pidMode: host.PidMode }),
  };
}

function limits(host: HostAnswer): Read {
  const { Memory = 0, MemoryReservation = 0, MemorySwap = 0, ShmSize = 0, NanoCpus = 0 } = host;
  const mebibytes = (bytes: number): number => (bytes > 0 ? Math.floor(bytes / MEBIBYTE) : bytes);
  return {
    memory: mebibytes(Memory),
    memoryReservation: mebibytes(MemoryReservation),
    memorySwap: mebibytes(MemorySwap),
    shmSize: mebibytes(ShmSize),
    ...(NanoCpus > 0 && { cpus: cpusText(NanoCpus) }),
    cpuShares: host.CpuShares,
    cpuSet: host.CpusetCpus,
  };
}

/** As the published plugin prints it: a whole number of CPUs reads back with `.0`, so write it so. */
function cpusText(nano: number): string {
  const digits = (nano / 1e9).toFixed(9);
  if (digits.replace(/[^0]/g, "").length === 9) return (nano / 1e9).toFixed(1);
  return digits.replace(/0+$/, "");
}

function devices(prior: ContainerState, host: HostAnswer): Read {
  const rates = (list: HostAnswer["BlkioDeviceReadBps"]): object[] =>
    listed(list).map(({ Path, Rate }) => ({ path: Path, rate: Rate }));
  const given = new Set(prior.devices?.filter((d) => d.containerPath).map((d) => d.hostPath));
  const mapped = listed(host.Devices).map((device) => ({
    hostPath: device.PathOnHost,
    permissions: device.CgroupPermissions,
    ...(given.has(device.PathOnHost) && { containerPath: device.PathInContainer }),
  }));
  return {
    deviceCgroupRules: host.DeviceCgroupRules,
    ...(!isZero(prior.devices) && { devices: mapped }),
    deviceReadBps: rates(host.BlkioDeviceReadBps),
    deviceReadIops: rates(host.BlkioDeviceReadIOps),
    deviceWriteBps: rates(host.BlkioDeviceWriteBps),
    deviceWriteIops: rates(host.BlkioDeviceWriteIOps),
  };
}

function runningState(prior: ContainerState, info: ContainerAnswer): Read {
  const mustRun = prior.mustRun ?? true;
  const { Running: running, ExitCode: code } = info.State;
  return {
    bridge: info.NetworkSettings.Bridge,
    networkDatas: networkDatasOf(info.NetworkSettings.Networks),
    ...((running || mustRun) && !isZero(prior.ports) && { ports: portsOf(info.NetworkSettings.Ports) }),
    // a stopped container that must run shows as `mustRun: false`: the next update starts it
    ...(!running && { exitCode: code, mustRun: false }),
  };
}
