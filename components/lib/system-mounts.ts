import type { ServiceSpec, System } from "./system";

/** A directory of the host in a container. */
export interface HostMount {
  /** Absolute. */
  readonly hostPath: string;
  readonly containerPath: string;
  readonly readOnly: boolean;
}

const READ_ONLY = /:ro$/;
/** Where backups lie, a folder each; a container may read when the last one succeeded. */
const BACKUPS = "/opt/backups/";

/** A service's mounts: `/host/path` -> `/container/path[:ro]`. */
export function toMounts({ mounts = {} }: Pick<ServiceSpec, "mounts">): HostMount[] {
  return Object.entries(mounts).map(([hostPath, inside]) => ({
    hostPath,
    containerPath: inside.replace(READ_ONLY, ""),
    readOnly: READ_ONLY.test(inside),
  }));
}

/** Folders of `/opt/backups` that a service mounts. */
export function mountedBackups({ services }: Pick<System, "services">): string[] {
  const paths = Object.values(services).flatMap(({ hostMounts }) =>
    hostMounts.map(({ hostPath }) => hostPath),
  );
  const folders = paths.filter((path) => path.startsWith(BACKUPS)).map((path) => path.slice(BACKUPS.length));
  return [...new Set(folders)];
}
