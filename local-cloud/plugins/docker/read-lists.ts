import type Docker from "dockerode";
import type { ContainerInputs } from "./inputs";
import { isZero } from "./plan";

type Networks = Docker.ContainerInspectInfo["NetworkSettings"]["Networks"];

export function networkDatasOf(networks: Networks): object[] {
  return Object.entries(networks ?? {})
    .sort(([a], [b]) => a.localeCompare(b, "en"))
    .map(([networkName, network]) => ({
      networkName,
      ipAddress: network.IPAddress,
      ipPrefixLength: network.IPPrefixLen,
      gateway: network.Gateway,
      globalIpv6Address: network.GlobalIPv6Address,
      globalIpv6PrefixLength: network.GlobalIPv6PrefixLen,
      ipv6Gateway: network.IPv6Gateway,
      macAddress: network.MacAddress,
    }));
}

/** Published ports by their port inside; exposed ones without a binding do not show. */
export function portsOf(ports: Docker.ContainerInspectInfo["NetworkSettings"]["Ports"]): object[] {
  return Object.entries(ports ?? {})
    .map(([key, bindings]) => ({ key: key.split("/"), bindings }))
    .sort((a, b) => Number(a.key[0]) - Number(b.key[0]))
    .flatMap(({ key: [internal, protocol], bindings }) =>
      ((bindings ?? []) as { HostIp: string; HostPort: string }[]).map(({ HostIp, HostPort }) => ({
        internal: Number(internal),
        external: Number(HostPort),
        ip: HostIp,
        protocol,
      })),
    );
}

/** Everything behind a second colon is lost, as published: an IPv6 address shows as changed. */
export function hostsOf(entries: readonly string[] | string[]): object[] {
  return entries.map((entry) => {
    const [host, ip] = entry.split(":");
    return { host, ip };
  });
}

/** The mounts of a container; with labels on a volume the published plugin fails to read any, and keeps its state. */
export function mountsRead(
  prior: ContainerInputs["mounts"],
  mounts: readonly Docker.MountSettings[],
): unknown {
  if (mounts.some((mount) => !isZero(mount.VolumeOptions?.Labels))) return prior;
  return mounts.map(({ Target, Source, Type, ReadOnly, BindOptions, VolumeOptions, TmpfsOptions }) => ({
    target: Target,
    source: Source ?? "",
    type: Type,
    readOnly: ReadOnly ?? false,
    ...(BindOptions && { bindOptions: { propagation: BindOptions.Propagation ?? "" } }),
    ...(VolumeOptions && { volumeOptions: volumeOptions(VolumeOptions) }),
    ...(TmpfsOptions && {
      tmpfsOptions: { sizeBytes: TmpfsOptions.SizeBytes ?? 0, mode: TmpfsOptions.Mode ?? 0 },
    }),
  }));
}

function volumeOptions(options: NonNullable<Docker.MountSettings["VolumeOptions"]>): object {
  const { NoCopy, DriverConfig } = options;
  const { Subpath } = options as { Subpath?: string };
  return {
    noCopy: NoCopy ?? false,
    ...(DriverConfig && { driverName: DriverConfig.Name, driverOptions: DriverConfig.Options ?? {} }),
    ...(Subpath && { subpath: Subpath }),
  };
}
