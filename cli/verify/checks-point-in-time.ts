import { isSftp } from "../../components/lib/config-rules-sftp";
import type { PlainPointInTime } from "../../components/lib/config-rules-point-in-time";
import { archiveFolders } from "../../components/lib/names";
import { longestHours } from "./checks-backup";
import { broken, checkOf, proven, replaceStep, type Check, type Verdict } from "./check";

/** What an archive says of itself, as scripts/remote/verify.sh tells it. */
export interface ArchiveFacts {
  /** Below /opt/backups. */
  readonly folder: string;
  /** `active` when the service runs. */
  readonly unit: string;
  /** The host's clock, RFC 3339. */
  readonly now: string;
  /** wal.json: positions in the log, and when it was last shipped. */
  readonly wal: Wal | null;
  /** base.json: the newest base backup. */
  readonly base: {
    readonly ok: boolean;
    readonly at: string;
    readonly stream: string;
    readonly error: string;
  } | null;
}

interface Wal {
  readonly at: string;
  readonly stream: string;
  readonly written: string | null;
  readonly received: string | null;
  readonly shipped_at: string;
  readonly error: string;
}

/** A shipment may take its time, and the database may just have been restarted. */
const GRACE_SECONDS = 60;
/** Four segments: what one shipment of a busy database is. */
const MOST_BEHIND = 64 * 1024 * 1024;

/** A store over SFTP cannot take the log: rclone's part of it is written for S3. */
function offText(repository: string | undefined): string {
  const why = isSftp(repository) ? "off, which is for S3 only and the repository is over SFTP" : "off";
  return `${why}: a lost server costs what came after the last backup`;
}

/** What must hold of the way back to a moment. */
export const POINT_IN_TIME_CHECKS: readonly Check[] = [
  checkOf(
    "S1-28",
    "the log leaves the server within seconds",
    "host",
    (host, { system, config }) => {
      if (!config.pointInTime.enabled) return proven(offText(config.backup.repository));
      const found = host.archives.out
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as ArchiveFacts);
      const folders = [...new Set(Object.values(archiveFolders(system.databases)))];
      const verdicts = folders.map((folder) =>
        archiveVerdict(
          folder,
          found.find((each) => each.folder === folder),
          config.pointInTime,
        ),
      );
      const evidence = verdicts.flatMap((verdict) => (verdict.ok ? [verdict.evidence] : []));
      return verdicts.find(({ ok }) => !ok) ?? proven(evidence.join("; "));
    },
    ({ databases }) => databases.length > 0,
  ),
];

/** One archive: its service runs, what it shipped is seconds old, and there is a base backup to begin from. */
export function archiveVerdict(
  folder: string,
  found: ArchiveFacts | undefined,
  { every, baseSchedule }: Pick<PlainPointInTime, "every" | "baseSchedule">,
): Verdict {
  const redo = replaceStep(`point-in-time-${folder}`);
  const look = `homeport ssh -- sudo journalctl -n 20 -u homeport-wal@${folder}`;
  if (found === undefined) return broken(`there is no archive of ${folder}`, redo);
  const { unit, wal, now } = found;
  if (unit !== "active") return broken(`homeport-wal@${folder} is ${unit || "not there"}`, redo);
  if (wal === null) return broken(`homeport-wal@${folder} has not said anything`, look);
  const late = lateness(wal, now, every + GRACE_SECONDS);
  if (late !== undefined) return broken(late, look);
  const shipped = `shipped ${secondsBetween(wal.shipped_at, now)} s ago`;
  return beginning(found, longestHours(baseSchedule), shipped, redo);
}

/** A log without a base backup before it restores nothing; after an old one there is much of it to replay. */
function beginning({ wal, base, now }: ArchiveFacts, hours: number, shipped: string, redo: string): Verdict {
  if (base?.ok !== true || base.stream !== wal?.stream)
    return broken(`there is no proven base backup to begin from: ${base?.error ?? "none was taken"}`, redo);
  return secondsBetween(base.at, now) <= hours * 3600
    ? proven(`${shipped}; base backup of ${base.at}`)
    : broken(`the newest base backup is of ${base.at}`, "homeport ssh -- tail /var/log/postgres-backup.log");
}

/** Why the archive is not seconds old, or `undefined`. */
function lateness(wal: Wal, now: string, longest: number): string | undefined {
  const quiet = secondsBetween(wal.at, now);
  if (!(quiet <= longest)) return `nothing was said about the archive for ${quiet} s`;
  if (wal.error !== "") return wal.error;
  if (wal.received === null) return "nothing receives the database's log";
  const behind = bytesBetween(wal.received, wal.written ?? wal.received);
  if (behind > MOST_BEHIND) return `the archive is ${behind} bytes behind the database`;
  const age = secondsBetween(wal.shipped_at, now);
  return age <= longest ? undefined : `the last shipment was ${age} s ago`;
}

function secondsBetween(earlier: string, later: string): number {
  return Math.max(0, Math.round((Date.parse(later) - Date.parse(earlier)) / 1000));
}

/** Positions are two hexadecimal halves of 32 bits. */
function bytesBetween(earlier: string, later: string): number {
  const position = (lsn: string): number => {
    const [high = "0", low = "0"] = lsn.split("/");
    return parseInt(high, 16) * 2 ** 32 + parseInt(low, 16);
  };
  return Math.max(0, position(later) - position(earlier));
}
