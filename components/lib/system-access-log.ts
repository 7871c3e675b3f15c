/**
 * Where the host keeps a line for each request to the sites, in files that the proxy turns over by itself (S3-25).
 * Caddy only. The lines hold no header and no query, and are in the container's own log as well.
 */
export interface AccessLogSpec {
  /** A directory of `files`. */
  readonly directory: string;
  /** MiB at which a file is turned over. @default 10 */
  readonly rollSizeMb?: number;
  /** How many of those stay, compressed, beside the one that is written to. @default 10 */
  readonly rollKeep?: number;
  /** How many days they stay: visitors' addresses are in them. @default 30 */
  readonly rollKeepDays?: number;
}

/** Every default filled in. */
export type AccessLog = Required<AccessLogSpec>;

/** Name of the file that is written to. */
export const ACCESS_LOG_FILE = "access.log";

const DEFAULTS = { rollSizeMb: 10, rollKeep: 10, rollKeepDays: 30 };

export function toAccessLog(spec: AccessLogSpec | undefined): AccessLog | undefined {
  return spec === undefined ? undefined : { ...DEFAULTS, ...spec };
}
