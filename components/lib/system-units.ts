import type { FilesSpec, HostDirectory } from "./system-files";

/** What a unit's code needs beside itself, installed anew in every release. */
export type UnitRuntime = "python-venv" | "bundle" | "none";

/** What is told when it does not hold (S2-23); nothing is stopped by it. */
export interface UnitLimits {
  /** Milliseconds until the health path has answered, on the host itself, at most. */
  readonly responseMs?: number;
  /** MiB of all its processes, at most. */
  readonly memoryMb?: number;
  /** Of one core, at most. */
  readonly cpuPercent?: number;
  /** MiB that are free where its folder is, at least. */
  readonly freeDiskMb?: number;
}

/** Those whose spec says how much they may use. */
export function limitedUnits(units: readonly Unit[]): Unit[] {
  return units.filter(({ limits }) => Object.keys(limits).length > 0);
}

/** An application without a container: a code tree of this machine as a systemd service of the server. */
export interface UnitSpec {
  /** Folder of the code, relative to the project's. */
  readonly source: string;
  /** Left behind, besides what never leaves: a name anywhere, or a path with a slash from the top. @default none */
  readonly excludes?: readonly string[];
  /** `python-venv`: `.venv` by requirements.txt, wheels only; `bundle`: gems that are on the host. @default "none" */
  readonly runtime?: UnitRuntime;
  /** Debian packages that the application needs, besides the runtime's own. @default none */
  readonly packages?: readonly string[];
  /** Folder of releases, shared directories and `.env`. @default /opt/NAME */
  readonly folder?: string;
  /** What runs; a first word with a slash is a path in the code. */
  readonly command: readonly string[];
  /** Run to its end before each start, in the same sandbox: migrations. @default nothing */
  readonly beforeStart?: readonly string[];
  /** Whom it runs as. @default "www-data" */
  readonly user?: string;
  /** Numeric id of a user that is made; a file restored on a new server belongs to it. @default www-data's, 33 */
  readonly uid?: number;
  /** Plain values. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Receives the hosts of the sites that route here, joined by commas. */
  readonly hostsVariable?: string;
  /** Names from the system's `secrets`, in the environment of this process alone (H9). */
  readonly secrets?: readonly string[];
  /** Secret -> its name in the environment, where that is another: two units, each with its own SECRET_KEY_BASE. @default none */
  readonly secretsAs?: Readonly<Record<string, string>>;
  /** Where it listens, on 127.0.0.1. */
  readonly port: number;
  /** Answers 2xx on that port when the unit is well. @default "/up" */
  readonly healthPath?: string;
  /** How long a start may take until it answers; then the former release comes back. @default 60 */
  readonly startSeconds?: number;
  /** Directories of the code that it writes to: kept from release to release, and backed up. @default none */
  readonly writable?: Readonly<Record<string, Omit<FilesSpec, "owner">>>;
  /** @default "on-failure" */
  readonly restart?: "always" | "on-failure";
  /** Seconds between SIGTERM and SIGKILL. @default 30 */
  readonly stopGracePeriodSeconds?: number;
  /** More than this is killed. @default no limit */
  readonly memoryMb?: number;
  /** Measured every five minutes and by verify. @default none */
  readonly limits?: UnitLimits;
}

/** A checked unit: every default filled in. */
export interface Unit extends Required<Omit<UnitSpec, "hostsVariable" | "memoryMb">> {
  readonly name: string;
  readonly hostsVariable?: string;
  readonly memoryMb?: number;
}

export const WWW_DATA = { user: "www-data", uid: 33 } as const;

/** Host's folder of the sockets by which the proxy reaches units; its container has it at the same place. */
export const SOCKETS = "/run/homeport-units";

/** Packages of the runtimes themselves. */
const RUNTIME_PACKAGES: Readonly<Record<UnitRuntime, readonly string[]>> = {
  "python-venv": ["python3", "python3-venv"],
  bundle: ["bundler"],
  none: [],
};

/** Fills in the defaults of a unit without faults. */
export function toUnit(name: string, spec: UnitSpec): Unit {
  const runtime = spec.runtime ?? "none";
  return {
    ...{ excludes: [], folder: `/opt/${name}`, beforeStart: [], ...WWW_DATA },
    ...{
      environment: {},
      secrets: [],
      secretsAs: {},
      healthPath: "/up",
      startSeconds: 60,
      writable: {},
      limits: {},
    },
    ...{ restart: "on-failure", stopGracePeriodSeconds: 30 },
    ...spec,
    ...{ name, runtime, packages: [...RUNTIME_PACKAGES[runtime], ...(spec.packages ?? [])] },
  };
}

/** The writable directories of all units, as directories of the host. */
export function unitDirectories(units: readonly Unit[]): HostDirectory[] {
  return units.flatMap((unit) =>
    Object.entries(unit.writable).map(([directory, spec]) => ({
      ...{ mode: "0750", backup: true, exclude: [], sqlite: [] },
      ...spec,
      owner: `${unit.uid}:${unit.uid}`,
      path: sharedPath(unit.folder, directory),
    })),
  );
}

/** Where a writable directory is, whatever the release. */
export function sharedPath(folder: string, directory: string): string {
  return `${folder}/shared/${directory}`;
}

/** Where the proxy finds a unit. */
export function socketOf(name: string): string {
  return `${SOCKETS}/${name}.sock`;
}
