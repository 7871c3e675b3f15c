import { archiveFolders } from "../../components/lib/names";
import { remoteScript } from "../../components/lib/scripts";
import type { System } from "../../components/lib/system";
import { runScriptAsRoot, type Server } from "../ssh";
import { wordOf } from "./copies";
import type { BackedUp } from "./databases";

/** Reads the whole archive, and replays it. */
const CHECK_SECONDS = 7200;

/** What `homeport backup verify` found in the archive of a database server. */
export interface ArchiveEvidence {
  /** Below /opt/backups. */
  readonly archive: string;
  /** `false`: `homeport:pointInTime` is off. */
  readonly on: boolean;
  /** Base backups, and finished segments of the log. */
  readonly bases?: number;
  readonly segments?: number;
  readonly seconds?: number;
  /** One line for everything that is not what was sent there. */
  readonly damaged: readonly string[];
}

/** The archives that these databases' servers have: one a server. */
export function archivesOf(system: Pick<System, "databases">, chosen: readonly BackedUp[]): string[] {
  const folders = archiveFolders(system.databases);
  return [...new Set(chosen.flatMap(({ database }) => folders[database] ?? []))];
}

/** Reads every byte of an archive and replays its newest base backup to the end of the log. @throws CliError */
export async function checkArchive(server: Server, archive: string): Promise<ArchiveEvidence> {
  const script = remoteScript("archive-check.sh", ["archive.sh", "copies.sh"]);
  return JSON.parse(
    wordOf(await runScriptAsRoot(server, script, [archive], CHECK_SECONDS)),
  ) as ArchiveEvidence;
}

/** One archive for a person. */
export function describeArchive(found: ArchiveEvidence): string {
  if (!found.on)
    return `archive of ${found.archive}: off; fix: homeport:pointInTime, with a repository on S3`;
  const size = `${found.bases ?? 0} base backups, ${found.segments ?? 0} segments, ${found.seconds ?? 0} s`;
  if (found.damaged.length === 0) return `archive of ${found.archive}: replayed to its end (${size})`;
  const lines = found.damaged.map((line) => `\n  ${line}`).join("");
  return `archive of ${found.archive}: damaged (${size})${lines}\n  fix: homeport ssh -- sudo /opt/backups/${found.archive}/base.sh, for a whole base backup from now on`;
}
