import type * as docker from "@pulumi/docker";
import type { Unwrap } from "@pulumi/pulumi";

/** Inputs as plain values, in the published package's own types (nothing of it is loaded at run time). */
export type ContainerInputs = Unwrap<docker.ContainerArgs>;
export type NetworkInputs = Unwrap<docker.NetworkArgs>;
export type VolumeInputs = Unwrap<docker.VolumeArgs>;
export type RemoteImageInputs = Unwrap<docker.RemoteImageArgs>;
export type RegistryImageInputs = Unwrap<docker.RegistryImageArgs>;
export type TagInputs = Unwrap<docker.TagArgs>;
export type ProviderConfig = Unwrap<docker.ProviderArgs>;

/** What the daemon says beyond the inputs. */
export interface ContainerState extends ContainerInputs {
  readonly bridge?: string;
  readonly containerLogs?: string | null;
  readonly exitCode?: number | null;
  readonly networkDatas?: readonly object[];
}
