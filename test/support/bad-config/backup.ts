import { INIT, hiddenLength, plain, set, setPath, setSecret, FIVE, type BadConfig } from "./mistakes";

const REPOSITORY = "homeport:backupRepository";
const FORM =
  "be s3:https://HOST/BUCKET/PATH, sftp:USER@HOST:PATH or sftp://USER@HOST:PORT/PATH, without credentials";
const MEND = set(REPOSITORY, "s3:https://nbg1.your-objectstorage.com/BUCKET/PATH");
const KEEP = "be counts of backups to keep: daily, weekly and monthly, not all of them 0";
const KEEP_FIX = `pulumi config rm homeport:backupKeep --stack prod && pulumi config set --path 'homeport:backupKeep.daily' 7 --stack prod`;

const ARCHIVE = "homeport:pointInTime";

export const BACKUP: readonly BadConfig[] = [
  plain(
    "a repository over plain HTTP",
    REPOSITORY,
    "s3:http://a.example/b",
    FORM,
    "s3:http://a.example/b",
    MEND,
  ),
  plain("a repository on the same disk", REPOSITORY, "/var/backups", FORM, "/var/backups", MEND),
  plain(
    "a key pair without its secret half",
    "homeport:backupSecretAccessKey",
    undefined,
    "be set",
    "nothing",
    setSecret("homeport:backupSecretAccessKey"),
  ),
  plain("a repository without a password", "homeport:backupPassword", undefined, "be set", "nothing", INIT),
  plain(
    "a short password",
    "homeport:backupPassword",
    "hunter2-hunter2",
    "be at least 32 characters of ASCII without spaces",
    hiddenLength("hunter2-hunter2"),
    INIT,
  ),
  plain(
    "a schedule of six fields",
    "homeport:backupSchedule",
    "0 0 3 * * *",
    FIVE,
    '"0 0 3 * * *"',
    set("homeport:backupSchedule", "'0 3 * * *'"),
  ),
  {
    mistake: "a retention that keeps nothing",
    raw: { "homeport:backupKeep": '{"daily":0,"weekly":0,"monthly":0}' },
    message: `homeport:backupKeep: must ${KEEP}, got "{\\"daily\\":0,\\"weekly\\":0,\\"monthly\\":0}"; fix: ${KEEP_FIX}`,
  },
  {
    mistake: "a shipment of the log every 0 seconds",
    raw: { [ARCHIVE]: '{"every":0}' },
    message: `${ARCHIVE}.every: must be from 1 to 300, got 0; fix: ${setPath(`${ARCHIVE}.every`, "10")}`,
  },
  {
    mistake: "a base backup on a schedule of six fields",
    raw: { [ARCHIVE]: '{"baseSchedule":"0 30 2 * * 0"}' },
    message: `${ARCHIVE}.baseSchedule: must ${FIVE}, got "0 30 2 * * 0"; fix: ${setPath(`${ARCHIVE}.baseSchedule`, "'30 2 * * 0'")}`,
  },
  {
    mistake: "an archive of the log in a repository that is not S3",
    raw: { [REPOSITORY]: undefined, [ARCHIVE]: '{"enabled":true}' },
    message: `${ARCHIVE}.enabled: must be false without an S3 repository in ${REPOSITORY}, got true; fix: ${setPath(`${ARCHIVE}.enabled`, "false")}`,
  },
  plain(
    "a report address over plain HTTP, whose token is not shown",
    "homeport:backupReportUrl",
    "http://hook.example/T0KEN",
    "be an https URL",
    hiddenLength("http://hook.example/T0KEN"),
    set("homeport:backupReportUrl", "https://HOST/PATH"),
  ),
];
