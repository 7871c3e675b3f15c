import { remoteScript } from "../../components/lib/scripts";
import { failed } from "../cli-error";
import { lastLine, type RunResult } from "../run";
import { runScriptAsRoot, type Server } from "../ssh";
import type { BackedUp } from "./databases";

const LIST_SECONDS = 300;
/** A copy of many gigabytes takes its time; what hangs does not stay for ever. */
const RESTORE_SECONDS = 7200;

/** One copy in the repository. */
export interface Copy {
  readonly id: string;
  /** When it was sent off, RFC 3339. */
  readonly time: string;
}

/** A copy that was not what its manifest says. */
export interface SkippedCopy {
  readonly copy: string;
  readonly copy_time: string;
  readonly why: string;
}

/** What a restore did: `restore.json` in the database's folder. */
export interface RestoreEvidence {
  readonly action: "restored" | "compared" | "nothing-to-restore" | "kept-what-is-there" | "started-empty";
  readonly at: string;
  readonly database: string;
  readonly into: "live" | "scratch";
  readonly seconds: number;
  readonly skipped: readonly SkippedCopy[];
  readonly copy?: string;
  readonly copy_time?: string;
  /** `archive`: a base backup, and the log until then. @default "dump" */
  readonly source?: "dump" | "archive";
  /** The moment that the copy shows, RFC 3339. */
  readonly taken_at?: string;
  readonly tables?: number;
  readonly rows?: number;
  /** Of directories and volumes. */
  readonly files?: number;
  readonly bytes?: number;
}

/** Every copy of a database in the repository, newest first, as the server sees it. */
export async function listCopies(server: Server, { folder }: BackedUp): Promise<Copy[]> {
  const script = remoteScript("list-copies.sh", ["copies.sh"]);
  const result = await runScriptAsRoot(server, script, [folder], LIST_SECONDS);
  return JSON.parse(wordOf(result)) as Copy[];
}

export interface RestoreOrder {
  readonly into: "live" | "scratch";
  /** As it was then, where the archive reaches that far, else the newest copy until then. @default the newest copy */
  readonly to?: string;
  /** Read every byte of the repository first. @default false */
  readonly isChecked?: boolean;
}

/** Restores the newest copy of a database, or of files, that is what its manifest says. */
export async function restoreCopy(
  server: Server,
  { folder, isFiles = false }: BackedUp,
  order: RestoreOrder,
): Promise<RestoreEvidence> {
  const script = isFiles
    ? remoteScript("restore-files.sh", ["copies.sh", "application.sh", "file-copies.sh"])
    : remoteScript("restore-copy.sh", ["archive.sh", "copies.sh", "archive-copies.sh", "application.sh"]);
  const words = [order.into, ...(isFiles ? [] : [folder]), order.to ?? "", order.isChecked ? "check" : ""];
  const result = await runScriptAsRoot(server, script, words, RESTORE_SECONDS);
  return JSON.parse(wordOf(result)) as RestoreEvidence;
}

/** What a database's last restore on this server did, the one before the application's first start included. */
export async function lastRestore(server: Server, { folder }: BackedUp): Promise<RestoreEvidence> {
  const script = `cat /opt/backups/${folder}/restore.json; exit\n`;
  const result = await runScriptAsRoot(server, script, [], LIST_SECONDS);
  return JSON.parse(wordOf(result)) as RestoreEvidence;
}

/** A backup now, counted like a nightly one. @throws CliError with the script's last line. */
export async function backupNow(server: Server, { folder }: BackedUp): Promise<void> {
  const script = `/opt/backups/${folder}/backup.sh; exit\n`;
  wordOf(await runScriptAsRoot(server, script, [], RESTORE_SECONDS));
}

/** The last line of what the script printed. @throws CliError in the script's own words when it failed. */
export function wordOf({ code, stdout, stderr }: RunResult): string {
  if (code === 0) return lastLine(stdout);
  throw failed(lastLine(stderr.trim() === "" ? stdout : stderr).replace(/^homeport: /, ""));
}

/** One line of a restore for a person. */
export function describeRestore(done: RestoreEvidence): string {
  if (done.copy === undefined) return `${done.database}: ${done.action.replaceAll("-", " ")}`;
  const what =
    done.files === undefined ? `${done.tables ?? 0} tables, ${done.rows ?? 0} rows` : `${done.files} files`;
  const size = `${what}, ${done.seconds} s`;
  const skipped = done.skipped.map(
    ({ copy, copy_time, why }) => `\n  skipped ${copy.slice(0, 8)} of ${copy_time}: ${why}`,
  );
  if (done.source === "archive")
    return `${done.database}: ${done.action} as of ${done.taken_at ?? ""} from the archive (${size})${skipped.join("")}`;
  return `${done.database}: ${done.action} copy ${done.copy.slice(0, 8)} of ${done.taken_at ?? done.copy_time ?? ""} (${size})${skipped.join("")}`;
}
