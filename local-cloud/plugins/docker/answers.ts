/**
 * What the daemon says of a container (`GET /containers/ID/json`), as far as it is read: unlike the client's
 * types, with the members that older daemons leave out and the nulls that Go makes of empty lists.
 */
export interface ContainerAnswer {
  readonly Name: string;
  readonly Image: string;
  readonly Platform?: string;
  readonly State: { readonly Running: boolean; readonly ExitCode: number };
  readonly Config: ConfigAnswer;
  readonly HostConfig: HostAnswer;
  readonly NetworkSettings: {
    readonly Bridge?: string;
    readonly Ports?: Readonly<Record<string, readonly Binding[] | null>> | null;
    readonly Networks?: Readonly<Record<string, EndpointAnswer>> | null;
  };
}

type Nullable<T> = T | null | undefined;
type Texts = Nullable<readonly string[]>;
type Rates = Nullable<readonly { readonly Path: string; readonly Rate: number }[]>;

export interface Binding {
  readonly HostIp: string;
  readonly HostPort: string;
}

export interface HealthcheckAnswer {
  readonly Test?: Texts;
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  readonly Retries?: number;
}

export interface ConfigAnswer {
  readonly Image: string;
  readonly Hostname?: string;
  readonly Domainname?: string;
  readonly Cmd?: Texts;
  readonly Entrypoint?: Nullable<readonly string[] | string>;
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Tty?: boolean;
  readonly OpenStdin?: boolean;
  readonly StopSignal?: string;
  readonly StopTimeout?: number | null;
  readonly Healthcheck?: Nullable<HealthcheckAnswer>;
}

export interface MountAnswer {
  readonly Target: string;
  readonly Source?: string;
  readonly Type: string;
  readonly ReadOnly?: boolean;
  readonly BindOptions?: Nullable<{ readonly Propagation?: string }>;
  readonly VolumeOptions?: Nullable<{
    readonly NoCopy?: boolean;
    readonly Labels?: Nullable<Readonly<Record<string, string>>>;
    readonly DriverConfig?: Nullable<{ readonly Name?: string; readonly Options?: Nullable<object> }>;
    readonly Subpath?: string;
  }>;
  readonly TmpfsOptions?: Nullable<{ readonly SizeBytes?: number; readonly Mode?: number }>;
}

export interface HostAnswer {
  readonly AutoRemove?: boolean;
  readonly ReadonlyRootfs?: boolean;
  readonly RestartPolicy?: { readonly Name?: string; readonly MaximumRetryCount?: number };
  readonly Dns?: Texts;
  readonly DnsOptions?: Texts;
  readonly DnsSearch?: Texts;
  readonly SecurityOpt?: Texts;
  readonly PublishAllPorts?: boolean;
  readonly Init?: boolean | null;
  readonly CapAdd?: Texts;
  readonly CapDrop?: Texts;
  readonly Runtime?: string;
  readonly Mounts?: Nullable<readonly MountAnswer[]>;
  readonly Tmpfs?: Nullable<object>;
  readonly ExtraHosts?: Texts;
  readonly Ulimits?: Nullable<
    readonly { readonly Name: string; readonly Soft: number; readonly Hard: number }[]
  >;
  readonly Privileged?: boolean;
  readonly LogConfig?: { readonly Type?: string; readonly Config?: Nullable<object> };
  readonly StorageOpt?: Nullable<object>;
  readonly NetworkMode?: string;
  readonly PidMode?: string;
  readonly UsernsMode?: string;
  readonly Sysctls?: Nullable<object>;
  readonly IpcMode?: string;
  readonly GroupAdd?: Texts;
  readonly Memory?: number;
  readonly MemoryReservation?: number;
  readonly MemorySwap?: number;
  readonly ShmSize?: number;
  readonly NanoCpus?: number;
  readonly CpuShares?: number;
  readonly CpusetCpus?: string;
  readonly DeviceCgroupRules?: Texts;
  readonly Devices?: Nullable<
    readonly {
      readonly PathOnHost: string;
      readonly PathInContainer: string;
      readonly CgroupPermissions: string;
    }[]
  >;
  readonly BlkioDeviceReadBps?: Rates;
  readonly BlkioDeviceReadIOps?: Rates;
  readonly BlkioDeviceWriteBps?: Rates;
  readonly BlkioDeviceWriteIOps?: Rates;
}

export interface EndpointAnswer {
  readonly IPAddress: string;
  readonly IPPrefixLen: number;
  readonly Gateway: string;
  readonly GlobalIPv6Address: string;
  readonly GlobalIPv6PrefixLen: number;
  readonly IPv6Gateway: string;
  readonly MacAddress: string;
}

/** A list that may be missing or null. */
export function listed<T>(list: Nullable<readonly T[]>): readonly T[] {
  return list ?? [];
}
