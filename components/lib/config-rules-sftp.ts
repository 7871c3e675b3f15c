import type { ConfigReader } from "./config-reader";
import { hidden } from "./faults";
import { privateKeyFault, publicKeyFault, withNewline } from "./ssh-keys";

/** What reaches a repository over SFTP; both empty without one. */
export interface SftpKeys {
  /** OpenSSH or PEM, ends with a newline. */
  readonly sshKey: string;
  /** `type base64`: the only host key that is believed. */
  readonly hostKey: string;
}

const WHO = "[a-z_][a-z0-9_-]{0,63}@(?!-)[a-z0-9-]{1,63}(?:\\.[a-z0-9-]{1,63})*";
const PATH = "/?\\w[\\w.-]*(?:/\\w[\\w.-]*)*";
/** restic reads what follows the first form's colon as a path: a port there would be a folder's name. */
const NO_PORT = "(?!\\d{1,5}(?:/|$))";
/** As restic writes them: for port 22, and for any; the path begins at the account's home, or with one more / at the root. */
const FORMS = [
  new RegExp(`^sftp:${WHO}:${NO_PORT}${PATH}$`),
  new RegExp(`^sftp://${WHO}(?::(?<port>[1-9]\\d{0,4}))?/${PATH}$`),
];
const HIGHEST_PORT = 65_535;
const SSH_KEY = "homeport:backupSshKey";
const HOST_KEY = "homeport:backupHostKey";

/** True for what is meant to be reached over SFTP, right or wrong. */
export function isSftp(repository: string | undefined): boolean {
  return repository?.startsWith("sftp:") === true;
}

/** True for `sftp:USER@HOST:PATH` and `sftp://USER@HOST:PORT/PATH`. */
export function isSftpRepository(repository: string): boolean {
  const match = FORMS.map((form) => form.exec(repository)).find((found) => found !== null);
  return match !== undefined && Number(match.groups?.port ?? 1) <= HIGHEST_PORT;
}

/** Both keys are needed with such a repository, and checked wherever they are set. */
export function sftpKeys(reader: ConfigReader, repository: string | undefined): SftpKeys {
  const isNeeded = isSftp(repository);
  const isRead = (key: string): boolean => isNeeded || reader.optional(key) !== undefined;
  const hostKey = isRead(HOST_KEY) ? readHostKey(reader) : "";
  const sshKey = isRead(SSH_KEY) ? readSshKey(reader) : "";
  return isNeeded ? { sshKey, hostKey } : { sshKey: "", hostKey: "" };
}

function readHostKey(reader: ConfigReader): string {
  const value = reader.text(HOST_KEY);
  if (value === undefined) return "";
  const isTwoWords = value.trim().split(" ").length === 2;
  const rule = publicKeyFault(value) ?? (isTwoWords ? undefined : "be TYPE BASE64 without a comment");
  if (rule !== undefined) reader.fault(HOST_KEY, rule, value);
  return value.trim();
}

function readSshKey(reader: ConfigReader): string {
  const value = reader.secret(SSH_KEY);
  const rule = value === undefined ? undefined : privateKeyFault(value);
  if (value !== undefined && rule !== undefined) reader.secretFault(SSH_KEY, rule, hidden(value));
  return value === undefined ? "" : withNewline(value);
}
