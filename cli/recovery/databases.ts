import { backupFolder } from "../../components/lib/names";
import type { System } from "../../components/lib/system";
import { usage } from "../cli-error";

/** A database and where it is backed up. */
export interface BackedUp {
  readonly database: string;
  /** Below /opt/backups (S1-25). */
  readonly folder: string;
}

/**
 * Every database of a system in the order of its spec, or the one of that name.
 *
 * @throws CliError (usage) when the system has no such database.
 */
export function databasesOf(system: Pick<System, "name" | "databases">, only?: string): BackedUp[] {
  const all = system.databases.map(({ name }, index) => ({
    database: name,
    folder: backupFolder(name, index),
  }));
  const chosen = all.filter(({ database }) => only === undefined || database === only);
  if (chosen.length > 0 || only === undefined) return chosen;
  const names = all.map(({ database }) => database).join(", ");
  throw usage(`--database: must be one of ${system.name} (${names}), got ${only}; fix: --database NAME`);
}

/** For `--database`. */
export const DATABASE_OPTION = [
  "--database <name>",
  "this database only (default: each of the system)",
] as const;
