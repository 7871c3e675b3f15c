import type { MountConfig, MountSettings } from "dockerode";
import type { ContainerInputs } from "./inputs";
import { labelsOf } from "./named";

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
    return { BindOptions: { Propagation: (mount.bindOptions.propagation ?? "") as Propagation } };
  }
  if (mount.type === "tmpfs" && mount.tmpfsOptions) {
    return { TmpfsOptions: tmpfsOptions(mount.tmpfsOptions) };
  }
  if (mount.type !== "volume" || !mount.volumeOptions) return {};
  // the published plugin compares the two as texts
  if (apiVersion < "1.45")
    throw new Error("Setting VolumeOptions.Subpath requires docker version 1.45 or higher");
  return { VolumeOptions: volumeOptions(mount.volumeOptions) };
}

function tmpfsOptions({ sizeBytes = 0, mode = 0 }: NonNullable<Mount["tmpfsOptions"]>): {
  SizeBytes: number;
  Mode: number;
} {
  return { SizeBytes: sizeBytes, Mode: mode };
}

type Propagation = NonNullable<MountSettings["BindOptions"]>["Propagation"];

function volumeOptions(
  given: NonNullable<Mount["volumeOptions"]>,
): NonNullable<MountSettings["VolumeOptions"]> {
  const { noCopy = false, labels, driverName = "", driverOptions = {}, subpath } = given;
  const options: NonNullable<MountSettings["VolumeOptions"]> = {
    NoCopy: noCopy,
    Labels: labelsOf(labels),
    DriverConfig: { Name: driverName, Options: driverOptions },
  };
  return subpath ? Object.assign(options, { Subpath: subpath }) : options;
}
