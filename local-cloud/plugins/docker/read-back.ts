import type Docker from "dockerode";
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

type Host = Docker.HostConfig & { Runtime?: string };
/** Members of the answer that the client's types lack. */
interface Untyped {
  readonly StopSignal?: string;
  readonly StopTimeout?: number | null;
  readonly Bridge?: string;
}
type Read = Partial<Record<keyof ContainerState, unknown>>;

/**
 * A container's outputs: what the program wrote (or the last state) with everything over it that the
 * published plugin reads back. It reads neither env, labels, uploads, volumes nor networks.
 */
export function readBack(prior: ContainerState, info: Docker.ContainerInspectInfo): ContainerState {
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

function basics(prior: ContainerState, info: Docker.ContainerInspectInfo): Read {
  const { Config: config, HostConfig: host } = info;
  const check = config.Healthcheck;
  return {
    name: info.Name.replace(/^\/+/, ""),
    // an image given by id is shown by id, one given by name by name
    image: prior.image.startsWith("sha256:") ? info.Image : config.Image,
    hostname: config.Hostname,
    domainname: config.Domainname,
    command: config.Cmd ?? [],
    entrypoints: [config.Entrypoint ?? []].flat(),
    user: config.User,
    workingDir: config.WorkingDir,
    tty: config.Tty,
    stdinOpen: config.OpenStdin,
    stopSignal: (config as Untyped).StopSignal,
    stopTimeout: (config as Untyped).StopTimeout,
    platform: info.Platform,
    rm: host.AutoRemove,
    readOnly: host.ReadonlyRootfs,
    restart: host.RestartPolicy?.Name,
    maxRetryCount: host.RestartPolicy?.MaximumRetryCount,
    ...(check && {
      healthcheck: {
        tests: check.Test ?? [],
        interval: formatDuration(check.Interval ?? 0),
        timeout: formatDuration(check.Timeout ?? 0),
        startPeriod: formatDuration(check.StartPeriod ?? 0),
        startInterval: formatDuration((check as { StartInterval?: number }).StartInterval ?? 0),
        retries: check.Retries ?? 0,
      },
    }),
  };
}

function hostSettings(prior: ContainerState, { HostConfig }: Docker.ContainerInspectInfo): Read {
  const host: Host = HostConfig;
  const { CapAdd: adds, CapDrop: drops } = host as { CapAdd?: string[] | null; CapDrop?: string[] | null };
  return {
    dns: host.Dns,
    dnsOpts: host.DnsOptions,
    dnsSearches: host.DnsSearch,
    securityOpts: host.SecurityOpt ?? [],
    publishAllPorts: host.PublishAllPorts,
    init: host.Init ?? false,
    ...((adds?.length || drops?.length) && { capabilities: { adds: adds ?? [], drops: drops ?? [] } }),
    runtime: host.Runtime,
    mounts: mountsRead(prior.mounts, host.Mounts ?? []),
    tmpfs: host.Tmpfs,
    hosts: hostsOf(host.ExtraHosts ?? []),
    ...(!isZero(prior.ulimits) && {
      ulimits: (host.Ulimits ?? []).map((u: { Name?: string; Soft?: number; Hard?: number }) => ({
        name: u.Name,
        soft: u.Soft,
        hard: u.Hard,
      })),
    }),
    privileged: host.Privileged,
    ...devices(prior, host),
    ...limits(host),
    logDriver: host.LogConfig?.Type,
    logOpts: isZero(prior.logOpts) ? undefined : host.LogConfig?.Config,
    storageOpts: host.StorageOpt,
    networkMode: host.NetworkMode,
    ...(!isZero(prior.pidMode) && { pidMode: host.PidMode }),
    usernsMode: host.UsernsMode,
    sysctls: host.Sysctls,
    ipcMode: host.IpcMode,
    groupAdds: host.GroupAdd,
  };
}

function limits(host: Host): Read {
  const swap = host.MemorySwap ?? 0;
  const reservation = host.MemoryReservation ?? 0;
  const nano = host.NanoCpus ?? 0;
  return {
    memory: Math.floor((host.Memory ?? 0) / MEBIBYTE),
    memoryReservation: reservation > 0 ? Math.floor(reservation / MEBIBYTE) : reservation,
    memorySwap: swap > 0 ? Math.floor(swap / MEBIBYTE) : swap,
    shmSize: Math.floor((host.ShmSize ?? 0) / MEBIBYTE),
    ...(nano > 0 && { cpus: cpusText(nano) }),
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

function devices(prior: ContainerState, host: Host): Read {
  const rates = (list: { Path?: string; Rate?: number }[] | null | undefined): object[] =>
    (list ?? []).map(({ Path, Rate }) => ({ path: Path, rate: Rate }));
  const given = new Set(prior.devices?.filter((d) => d.containerPath).map((d) => d.hostPath));
  return {
    deviceCgroupRules: host.DeviceCgroupRules,
    ...(!isZero(prior.devices) && {
      devices: (host.Devices ?? []).map(
        (d: { PathOnHost: string; PathInContainer: string; CgroupPermissions: string }) => ({
          hostPath: d.PathOnHost,
          permissions: d.CgroupPermissions,
          ...(given.has(d.PathOnHost) && { containerPath: d.PathInContainer }),
        }),
      ),
    }),
    deviceReadBps: rates(host.BlkioDeviceReadBps),
    deviceReadIops: rates(host.BlkioDeviceReadIOps),
    deviceWriteBps: rates(host.BlkioDeviceWriteBps),
    deviceWriteIops: rates(host.BlkioDeviceWriteIOps),
  };
}

function runningState(prior: ContainerState, info: Docker.ContainerInspectInfo): Read {
  const mustRun = prior.mustRun ?? true;
  const { Running: running, ExitCode: code } = info.State;
  return {
    bridge: (info.NetworkSettings as Untyped).Bridge,
    networkDatas: networkDatasOf(info.NetworkSettings.Networks),
    ...((running || mustRun) && !isZero(prior.ports) && { ports: portsOf(info.NetworkSettings.Ports) }),
    // a stopped container that must run shows as `mustRun: false`: the next update starts it
    ...(!running && { exitCode: code, mustRun: false }),
  };
}
