import { listed, type ContainerAnswer, type MountAnswer } from "./answers";
import type { ContainerInputs } from "./inputs";
import { isZero } from "./plan";

type Networking = ContainerAnswer["NetworkSettings"];

export function networkDatasOf(networks: Networking["Networks"]): object[] {
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
export function portsOf(ports: Networking["Ports"]): object[] {
  return Object.entries(ports ?? {})
    .map(([key, bindings]) => ({ key: key.split("/"), bindings }))
    .sort((a, b) => Number(a.key[0]) - Number(b.key[0]))
    .flatMap(({ key: [internal, protocol], bindings }) =>
      listed(bindings).map(({ HostIp, HostPort }) => ({
        internal: Number(internal),
        external: Number(HostPort),
        ip: HostIp,
        protocol,
      })),
    );
}

/** Everything behind a second colon is lost, as published: an IPv6 address shows as changed. */
export function hostsOf(entries: readonly string[]): object[] {
  return entries.map((entry) => {
    const [host, ip] = entry.split(":");
    return { host, ip };
  });
}

/** The mounts of a container; with labels on a volume the published plugin fails to read any, and keeps its state. */
export function mountsRead(prior: ContainerInputs["mounts"], mounts: readonly MountAnswer[]): unknown {
  if (mounts.some((mount) => !isZero(mount.VolumeOptions?.Labels))) return prior;
  return mounts.map((mount) => ({
    target: mount.Target,
    source: mount.Source ?? "",
    type: mount.Type,
    readOnly: mount.ReadOnly ?? false,
    ...mountOptions(mount),
  }));
}

function mountOptions({
  BindOptions: bind,
  VolumeOptions: volume,
  TmpfsOptions: tmpfs,
}: MountAnswer): object {
  return {
    ...(bind && { bindOptions: { propagation: bind.Propagation ?? "" } }),
    ...(volume && { volumeOptions: volumeOptions(volume) }),
    ...(tmpfs && { tmpfsOptions: { sizeBytes: tmpfs.SizeBytes ?? 0, mode: tmpfs.Mode ?? 0 } }),
  };
}

function volumeOptions(options: NonNullable<MountAnswer["VolumeOptions"]>): object {
  const { NoCopy, DriverConfig, Subpath } = options;
  return {
    noCopy: NoCopy ?? false,
    ...(DriverConfig && { driverName: DriverConfig.Name, driverOptions: DriverConfig.Options ?? {} }),
    ...(Subpath && { subpath: Subpath }),
  };
}
