import { isSftp } from "../../components/lib/config-rules-sftp";
import type { System } from "../../components/lib/system";
import { mountedBackups } from "../../components/lib/system-mounts";
import { backedUpOf, type BackedUp } from "../recovery/databases";
import {
  broken,
  checkOf,
  hasDatabase,
  proven,
  replaceStep,
  together,
  type Check,
  type Expected,
  type Verdict,
} from "./check";
import type { HostFacts, Output } from "./facts";

/** What lies in one folder of /opt/backups, as scripts/remote/verify.sh tells it. */
export interface BackupFolder {
  readonly dir: string;
  /** `700 root`: mode and owner. */
  readonly mode: string;
  readonly script: string;
  /** LAST_SUCCESS.txt; empty when there is none. */
  readonly success: string;
  readonly drill: Drill | null;
  /** LAST_RUN.txt, how the last run ended; empty when one did not end by itself. */
  readonly last_run: string;
  /** A run has the lock now. */
  readonly running: boolean;
  /** Newest last; whole means that it is what its manifest describes. */
  readonly copies: readonly { readonly file: string; readonly bytes: number; readonly whole: boolean }[];
}

interface Drill {
  readonly ok: boolean;
  readonly at: string;
  readonly source: string;
  readonly file: string;
  readonly tables?: number;
  readonly rows?: number;
  /** Of directories and volumes, instead of tables and rows. */
  readonly files?: number;
  readonly error: string;
}

const KEPT = 7;
const HOUR = 3_600_000;
/** A drill runs every week. */
const DRILL_HOURS = 8 * 24;
const REDO = replaceStep("backup-postgres");
const NOW = "homeport backup now --drill";

function logOf(folder: string): string {
  return `homeport ssh -- sudo tail -n 20 /var/log/${folder}-backup.log`;
}

/** What must hold of the backups. */
export const BACKUP_CHECKS: readonly Check[] = [
  checkOf("S1-25", "backup.sh is there, for root alone", "host", (host, { system }) =>
    eachFolder(host, foldersOf(system), (folder) => scriptVerdict(folder, mountedBackups(system))),
  ),
  checkOf(
    "S1-26",
    "the last 7 backups are on the server, whole",
    "host",
    (host, { system }) => eachFolder(host, foldersOf(system, isDatabase), copiesVerdict),
    hasDatabase,
  ),
  checkOf("S1-27", "root's crontab takes backups, once", "host", (host, expected) =>
    crontabsVerdict(host.crontab, expected),
  ),
  checkOf("S1-28", "the newest backup was restored and compared", "host", (host, { system, now }) =>
    eachFolder(host, foldersOf(system), (folder) => drillVerdict(folder, now)),
  ),
  checkOf("S1-28", "the last run of the backup ended well", "host", (host, { system }) =>
    eachFolder(host, foldersOf(system), lastRunVerdict),
  ),
  checkOf("S1-28", "the last backup is not old", "host", (host, expected) =>
    eachFolder(host, foldersOf(expected.system), (folder) => freshVerdict(folder, expected)),
  ),
].map((check) => ({ ...check, appliesTo: check.appliesTo ?? isBackedUp }));

function isBackedUp(system: System): boolean {
  return backedUpOf(system).length > 0;
}
const isDatabase = ({ isFiles = false }: BackedUp): boolean => !isFiles;

/** Those that must be there, by default all of them. */
function foldersOf(system: System, isMeant: (each: BackedUp) => boolean = () => true): string[] {
  return backedUpOf(system)
    .filter(isMeant)
    .map(({ folder }) => folder);
}

function eachFolder(
  host: Pick<HostFacts, "backups">,
  wanted: readonly string[],
  judge: (folder: BackupFolder) => Verdict,
): Verdict {
  const found = host.backups.out.split("\n").filter(Boolean).map(toFolder);
  const folders = found.filter(({ dir }) => wanted.includes(nameOf(dir)));
  if (folders.length < wanted.length)
    return broken(`${folders.length} of ${wanted.length} (${wanted.join(", ")}) are backed up`, REDO);
  return together(folders.map(judge));
}

function nameOf(dir: string): string {
  return dir.replace("/opt/backups/", "");
}

function toFolder(line: string): BackupFolder {
  return JSON.parse(line) as BackupFolder;
}

/** `mounted`: folders that a container may enter, for LAST_SUCCESS.txt alone. */
export function scriptVerdict(folder: BackupFolder, mounted: readonly string[] = []): Verdict {
  const mode = mounted.includes(nameOf(folder.dir)) ? "711 root" : "700 root";
  if (folder.mode === mode && folder.script === "700 root") return proven(`${folder.dir}/backup.sh, 0700`);
  return broken(`${folder.dir} is ${folder.mode}, backup.sh is ${folder.script || "missing"}`, REDO);
}

export function copiesVerdict({ dir, copies }: BackupFolder): Verdict {
  const damaged = copies.filter(({ whole }) => !whole);
  const newest = copies.at(-1);
  if (newest === undefined) return broken(`no backup in ${dir}`, NOW);
  if (damaged.length > 0)
    return broken(`damaged: ${damaged.map(({ file }) => file).join(", ")}`, `${NOW}, which sets them aside`);
  if (copies.length > KEPT) return broken(`${copies.length} backups are kept`, NOW);
  return proven(`${copies.length} of at most ${KEPT}, newest ${newest.file}, ${newest.bytes} bytes`);
}

function crontabsVerdict(probe: Output, { config, system }: Expected): Verdict {
  return together(foldersOf(system).map((folder) => crontabVerdict(probe, config.backup.schedule, folder)));
}

/** The line of S1-27 as it stands there, and no second one that runs the same script. */
export function crontabVerdict(probe: Output, schedule: string, folder = "postgres"): Verdict {
  const script = `/opt/backups/${folder}/backup.sh`;
  const lines = probe.out.split("\n").filter((line) => line.includes(script) && !line.startsWith("#"));
  if (lines.length !== 1) return broken(`${lines.length} lines run ${script}`, REDO);
  const wanted = `${schedule} ${script} >> /var/log/${folder}-backup.log 2>&1`;
  return lines[0] === wanted ? proven(wanted) : broken(`the line is ${lines[0] ?? ""}`, REDO);
}

export function drillVerdict({ dir, drill }: BackupFolder, now: Date): Verdict {
  const folder = nameOf(dir);
  if (drill === null) return broken(`no drill has run in ${dir}`, NOW);
  if (!drill.ok)
    return broken(
      `${folder}: the drill of ${drill.file || "the newest backup"} failed: ${drill.error}`,
      logOf(folder),
    );
  const hours = hoursSince(drill.at, now);
  if (!(hours <= DRILL_HOURS)) return broken(`${folder}: the last drill was ${ageText(hours)}`, NOW);
  const where = drill.source === "restic" ? "from the repository" : "local copy, nothing is off the server";
  const what =
    drill.files === undefined
      ? `${drill.tables ?? 0} tables, ${drill.rows ?? 0} rows`
      : `${drill.files} files`;
  return proven(`${drill.file}: ${what}, ${where}`);
}

/** A night that failed shows here before the last success is old. */
export function lastRunVerdict({ dir, last_run: text, running }: BackupFolder): Verdict {
  const folder = nameOf(dir);
  const field = (name: string): string | undefined => new RegExp(`^${name}=(.*)$`, "m").exec(text)?.[1];
  const at = field("ended_at");
  if (running) return proven("one is running now");
  if (at === undefined) return broken(`${folder}: the last run was killed, or could not write its end`, NOW);
  if (field("status") === "0") return proven(`ended at ${at}`);
  const reason = field("reason") ?? "no reason";
  return broken(`${folder}: the run that ended at ${at} failed: ${reason}`, logOf(folder));
}

export function freshVerdict({ dir, success }: BackupFolder, { config, now }: Expected): Verdict {
  const folder = nameOf(dir);
  const at = /^finished_at=(.+)$/m.exec(success)?.[1];
  if (at === undefined)
    return broken(`${folder}: no success is on record since the last failed drill`, logOf(folder));
  const hours = hoursSince(at, now);
  if (!(hours <= longestHours(config.backup.schedule)))
    return broken(`${folder}: the last success was ${ageText(hours)}`, logOf(folder));
  return proven(`${ageText(hours)}, ${placeOf(config.backup.repository)}`);
}

/** What kind of place, and what it cannot give. */
function placeOf(repository: string | undefined): string {
  if (repository === undefined) return "local copies only: no backupRepository";
  return isSftp(repository)
    ? "off the server, over SFTP: the server's key may delete there"
    : "off the server, on S3";
}

/** Between two runs of a schedule, with two hours' grace: a day, a week or a month. */
export function longestHours(schedule: string): number {
  const [, , day, month, weekday] = schedule.split(" ");
  if (month !== "*") return 366 * 24 + 2;
  if (day !== "*") return 31 * 24 + 2;
  return (weekday === "*" ? 24 : 7 * 24) + 2;
}

/** A time in the future is a clock that is off: as little a proof as an old one. */
function hoursSince(at: string, now: Date): number {
  const hours = (now.getTime() - Date.parse(at)) / HOUR;
  return hours < -1 ? Number.NaN : Math.max(0, hours);
}

function ageText(hours: number): string {
  if (Number.isNaN(hours)) return "in the future: a clock is wrong";
  return hours < 48 ? `${Math.round(hours)} h ago` : `${Math.round(hours / 24)} days ago`;
}
