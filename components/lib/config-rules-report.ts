import { keyOf, type ConfigKeyName } from "./config-keys";
import type { ConfigReader } from "./config-reader";
import { hidden } from "./faults";

/** Who is told of backups; each empty for none. */
export interface PlainReports {
  /** Told of failures by HTTP POST. It may hold a token. */
  readonly url: string;
  /** Called when everything was backed up, so that silence is the alarm. Who knows it can keep the alarm silent. */
  readonly heartbeatUrl: string;
  /** Told of failures by mail. */
  readonly mail: string;
  /** `smtps://HOST:465`, or `smtp://HOST:587` with STARTTLS. */
  readonly smtpServer: string;
  readonly smtpFrom: string;
  readonly smtpUsername: string;
}

const MAIL = /^[A-Za-z0-9._%+-]{1,64}@(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+$/;
const SERVER = /^smtps?:\/\/(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*(:\d{1,5})?$/;
/** No colon: it ends the name in what curl is told. */
const ACCOUNT = /^[A-Za-z0-9._%+@-]{1,128}$/;
const PRINTABLE = /^[\x21-\x7e]+$/;
const SMTP = "homeport:backupReportSmtp";

/** Addresses that are told; a mail server and its account are needed only where a mail address is. */
export function reportRules(reader: ConfigReader): { reports: PlainReports; smtpPassword: string } {
  const isMailed = reader.optional("homeport:backupReportMail") !== undefined;
  const needed = (key: ConfigKeyName, rule: (value: string) => string | undefined): string =>
    isMailed || reader.optional(key) !== undefined ? checked(reader, key, rule) : "";
  const reports = {
    url: address(reader, "homeport:backupReportUrl"),
    heartbeatUrl: address(reader, "homeport:backupReportHeartbeat"),
    mail: isMailed ? checked(reader, "homeport:backupReportMail", mailRule) : "",
    smtpServer: needed(`${SMTP}Server`, (value) =>
      SERVER.test(value) ? undefined : "be smtps://HOST:465, or smtp://HOST:587 for STARTTLS",
    ),
    smtpFrom: needed(`${SMTP}From`, mailRule),
    smtpUsername: needed(`${SMTP}Username`, (value) =>
      ACCOUNT.test(value) ? undefined : "be the name of an account",
    ),
  };
  const isRead = isMailed || reader.optional(`${SMTP}Password`) !== undefined;
  return { reports, smtpPassword: isRead ? password(reader) : "" };
}

function mailRule(value: string): string | undefined {
  return MAIL.test(value) ? undefined : "be one mail address";
}

function checked(
  reader: ConfigReader,
  key: ConfigKeyName,
  ruleOf: (value: string) => string | undefined,
): string {
  const value = reader.text(key);
  const rule = value === undefined ? undefined : ruleOf(value);
  if (rule !== undefined) reader.fault(key, rule, value);
  return value ?? "";
}

function address(reader: ConfigReader, key: ConfigKeyName): string {
  if (reader.optional(key) === undefined) return "";
  const value = keyOf(key).secret === true ? reader.secret(key) : reader.text(key);
  const isUrl = value !== undefined && /^https:\/\/[^\s"'\\]+$/.test(value) && URL.canParse(value);
  if (value !== undefined && !isUrl)
    reader.describe(key, "be an https URL", hidden(value), reader.setCommand(key));
  return value ?? "";
}

function password(reader: ConfigReader): string {
  const key = `${SMTP}Password` as const;
  const value = reader.secret(key);
  if (value !== undefined && !PRINTABLE.test(value))
    reader.secretFault(key, "be ASCII without spaces", hidden(value));
  return value ?? "";
}
