import type { System } from "./system";

/** A directory of the host that the system's containers use. */
export interface FilesSpec {
  /** `uid:gid`, numeric. @default "0:0" */
  readonly owner?: string;
  /** Four octal digits. @default "0750" */
  readonly mode?: string;
  /** @default true */
  readonly backup?: boolean;
  /** Paths below it that no backup holds, with everything in them. @default none */
  readonly exclude?: readonly string[];
  /** SQLite databases below it: a backup takes them by SQLite's own means (H10). @default none */
  readonly sqlite?: readonly string[];
}

/** A volume that is backed up as directories are; its paths are below the volume. */
export interface BackupVolumeSpec extends Pick<FilesSpec, "exclude" | "sqlite"> {
  readonly name: string;
}

export type BackupVolume = Required<BackupVolumeSpec>;

/** A checked directory, every default filled in. */
export interface HostDirectory extends Required<FilesSpec> {
  /** Absolute. */
  readonly path: string;
}

/** What one backup of files holds side by side. */
export interface FileTree {
  readonly kind: "directory" | "volume";
  /** The directory's path, or the volume's name. */
  readonly name: string;
  readonly exclude: readonly string[];
  readonly sqlite: readonly string[];
}

/** Folder of `/opt/backups` for everything that is no database. */
export const FILES_FOLDER = "files";

const DEFAULTS = { owner: "0:0", mode: "0750", backup: true, exclude: [], sqlite: [] };

/** Directories in the order of the spec. */
export function toDirectories(files: Readonly<Record<string, FilesSpec>> = {}): HostDirectory[] {
  return Object.entries(files).map(([path, spec]) => ({ ...DEFAULTS, ...spec, path }));
}

/** A name alone stands for a volume without exclude and sqlite. */
export function toBackupVolume(volume: string | BackupVolumeSpec): BackupVolume {
  return { exclude: [], sqlite: [], ...(typeof volume === "string" ? { name: volume } : volume) };
}

/** Directories and volumes that are backed up. */
export function backupTrees({ files, backupVolumes }: Pick<System, "files" | "backupVolumes">): FileTree[] {
  const directories = files
    .filter(({ backup }) => backup)
    .map(({ path, exclude, sqlite }): FileTree => ({ kind: "directory", name: path, exclude, sqlite }));
  return [...directories, ...backupVolumes.map((volume): FileTree => ({ kind: "volume", ...volume }))];
}

/** The host needs SQLite's own command. */
export function hasSqlite(system: Pick<System, "files" | "backupVolumes">): boolean {
  return backupTrees(system).some(({ sqlite }) => sqlite.length > 0);
}
