import type { MountConfig, MountSettings } from "dockerode";
import type { ContainerInputs } from "./inputs";

type Mount = NonNullable<ContainerInputs["mounts"]>[number];

/**
 * A container's mounts for the create call.
 * @throws on any `volumeOptions` with a daemon older than API 1.45: the published plugin refuses there too
 */
export function mountsOf(mounts: readonly Mount[], apiVersion: string): MountConfig {
  return mounts.map((mount) => ({ ...plainMount(mount), ...optionsOf(mount, apiVersion) }));
}

function plainMount(mount: Mount): MountSettings {
  return {
    Type: mount.type as MountSettings["Type"],
    Target: mount.target,
    Source: mount.source ?? "",
    ReadOnly: mount.readOnly ?? false,
  };
}

function optionsOf(mount: Mount, apiVersion: string): Partial<MountSettings> {
  if (mount.type === "bind" && mount.bindOptions) {
    const Propagation = (mount.bindOptions.propagation ?? "") as NonNullable<
      MountSettings["BindOptions"]
    >["Propagation"];
    return { BindOptions: { Propagation } };
  }
  if (mount.type === "tmpfs" && mount.tmpfsOptions) {
    return {
      TmpfsOptions: { SizeBytes: mount.tmpfsOptions.sizeBytes ?? 0, Mode: mount.tmpfsOptions.mode ?? 0 },
    };
  }
  if (mount.type !== "volume" || !mount.volumeOptions) return {};
  // the published plugin compares the two as texts
  if (apiVersion < "1.45")
    throw new Error("Setting VolumeOptions.Subpath requires docker version 1.45 or higher");
  const { noCopy, labels, driverName, driverOptions, subpath } = mount.volumeOptions;
  const options: NonNullable<MountSettings["VolumeOptions"]> = {
    NoCopy: noCopy ?? false,
    Labels: Object.fromEntries((labels ?? []).map(({ label, value }) => [label, value])),
    DriverConfig: { Name: driverName ?? "", Options: driverOptions ?? {} },
    ...(subpath ? { Subpath: subpath } : {}),
  };
  return { VolumeOptions: options };
}
