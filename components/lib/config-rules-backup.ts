import { z } from "zod";
import { keyOf } from "./config-keys";
import type { ConfigReader } from "./config-reader";
import { cronFault } from "./cron";
import { isSftp, isSftpRepository, sftpKeys } from "./config-rules-sftp";
import { reportRules, type PlainReports } from "./config-rules-report";
import { hidden } from "./faults";
import type { System } from "./system";
import { backupTrees } from "./system-files";

/** How many backups of each age stay off the server. */
export interface Retention {
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
}

/** Where backups go, when, and for how long. */
export interface PlainBackup {
  /** As restic names it; `undefined` means local copies only. */
  readonly repository: string | undefined;
  /** Of S3, for the host: may add and read. Empty without a repository on S3. */
  readonly accessKeyId: string;
  /** `type base64` of the server that keeps a repository over SFTP; empty without one. */
  readonly hostKey: string;
  /** Five-field cron expression. */
  readonly schedule: string;
  readonly keep: Retention;
  readonly reports: PlainReports;
}

/** The secrets of {@link PlainBackup}: of a repository, empty without one. */
export interface BackupSecrets {
  readonly secretAccessKey: string;
  readonly password: string;
  /** For SFTP, ends with a newline; empty without such a repository. */
  readonly sshKey: string;
  /** Of the account that mails reports; empty without one. */
  readonly smtpPassword: string;
}

export const DEFAULT_RETENTION: Retention = { daily: 7, weekly: 4, monthly: 6 };

const HOST = "(?!-)[a-z0-9-]{1,63}(\\.[a-z0-9-]{1,63})*(:\\d{1,5})?";
/** S3's names for buckets; a path below, so that several stacks can share one. */
const S3 = new RegExp(`^s3:https://${HOST}/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9][\\w.-]*)*$`);
const ACCESS_KEY_ID = /^[A-Za-z0-9]{16,128}$/;
const SHORTEST_SECRET_KEY = 20;
const SHORTEST_PASSWORD = 32;
const COUNT = z.number().int().min(0).max(1000);
const KEEP = z
  .strictObject({ daily: COUNT, weekly: COUNT, monthly: COUNT })
  .partial()
  .refine((keep) => Object.values({ ...DEFAULT_RETENTION, ...keep }).some((count) => count > 0));

/** Everything about backups; keys and a password are needed only where there is a repository. */
export function backup(
  reader: ConfigReader,
  system: System,
): { backup: PlainBackup; secrets: BackupSecrets } {
  const repository = repositoryOf(reader, system);
  const { reports, smtpPassword } = reportRules(reader);
  const isOffSite = reader.optional("homeport:backupRepository") !== undefined;
  const isS3 = isOffSite && !isSftp(repository);
  const { sshKey, hostKey } = sftpKeys(reader, repository);
  return {
    backup: {
      repository,
      accessKeyId: isS3 ? accessKeyId(reader) : "",
      hostKey,
      schedule: schedule(reader),
      keep: keep(reader),
      reports,
    },
    secrets: {
      secretAccessKey: isS3 ? longSecret(reader, "homeport:backupSecretAccessKey", SHORTEST_SECRET_KEY) : "",
      password: isOffSite ? longSecret(reader, "homeport:backupPassword", SHORTEST_PASSWORD) : "",
      sshKey,
      smtpPassword,
    },
  };
}

function repositoryOf(reader: ConfigReader, system: System): string | undefined {
  const key = "homeport:backupRepository";
  if (reader.optional(key) === undefined) {
    if (backupTrees(system).length > 0)
      reader.fault(key, "be set: files are backed up off the server only", "");
    return undefined;
  }
  const value = reader.text(key);
  if (value !== undefined && !S3.test(value) && !isSftpRepository(value)) {
    const forms = "s3:https://HOST/BUCKET/PATH, sftp:USER@HOST:PATH or sftp://USER@HOST:PORT/PATH";
    reader.fault(key, `be ${forms}, without credentials`, value);
  }
  return value;
}

function accessKeyId(reader: ConfigReader): string {
  const key = "homeport:backupAccessKeyId";
  const value = reader.text(key) ?? "";
  if (value !== "" && !ACCESS_KEY_ID.test(value))
    reader.describe(key, "be 16 to 128 letters and digits", hidden(value), reader.setCommand(key));
  return value;
}

function longSecret(
  reader: ConfigReader,
  key: "homeport:backupSecretAccessKey" | "homeport:backupPassword",
  least: number,
): string {
  const value = reader.secret(key);
  if (value !== undefined && (value.length < least || /[^\x21-\x7e]/.test(value)))
    reader.secretFault(key, `be at least ${least} characters of ASCII without spaces`, hidden(value));
  return value ?? "";
}

function schedule(reader: ConfigReader): string {
  const key = "homeport:backupSchedule";
  const value = reader.text(key);
  const rule = value === undefined ? undefined : cronFault(value);
  if (rule !== undefined) reader.fault(key, rule, value);
  return value ?? keyOf(key).default ?? "";
}

function keep(reader: ConfigReader): Retention {
  const rule = "be counts of backups to keep: daily, weekly and monthly, not all of them 0";
  return { ...DEFAULT_RETENTION, ...reader.structure("homeport:backupKeep", KEEP, rule) };
}
