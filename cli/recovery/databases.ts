import { backupFolder } from "../../components/lib/names";
import type { System } from "../../components/lib/system";
import { backupTrees, FILES_FOLDER } from "../../components/lib/system-files";
import { usage } from "../cli-error";

/** A database, or all directories and volumes, and where it is backed up. */
export interface BackedUp {
  readonly database: string;
  /** Below /opt/backups (S1-25). */
  readonly folder: string;
  /** @default false */
  readonly isFiles?: boolean;
}

/**
 * Everything of a system that is backed up: its databases in the order of its spec, then `files`, which are its
 * directories and volumes; or the one of that name.
 *
 * @throws CliError (usage) when the system has no such database.
 */
export function backedUpOf(
  system: Pick<System, "name" | "databases" | "files" | "backupVolumes">,
  only?: string,
): BackedUp[] {
  const databases = system.databases.map(({ name }, index): BackedUp => ({
    database: name,
    folder: backupFolder(name, index),
  }));
  const files: BackedUp = { database: FILES_FOLDER, folder: FILES_FOLDER, isFiles: true };
  const all = backupTrees(system).length === 0 ? databases : [...databases, files];
  const chosen = all.filter(({ database }) => only === undefined || database === only);
  if (chosen.length > 0 || only === undefined) return chosen;
  const names = all.map(({ database }) => database).join(", ");
  throw usage(`--database: must be one of ${system.name} (${names}), got ${only}; fix: --database NAME`);
}

/** For `--database`. */
export const DATABASE_OPTION = [
  "--database <name>",
  "this database only, or files: directories and volumes (default: everything)",
] as const;
