/** What `homeport verify` proves of a system beside the general checks: by an answer, a command or a log. */
export type SystemCheckSpec = AnswerCheckSpec | CommandCheckSpec | LogCheckSpec;

interface CheckHead {
  /** The requirement that it proves: `S3-20`. */
  readonly id: string;
  readonly title: string;
  /** What mends it. @default a look at the service's log */
  readonly fix?: string;
}

/** What a visitor is answered. */
export interface AnswerCheckSpec extends CheckHead {
  readonly request: {
    /** Hostname of the site, as the spec has it. @default the first site's */
    readonly site?: string;
    /** `{NAME:url}` stands for a secret, which only an `unlogged` path of the site may hold. */
    readonly path: string;
    /** @default GET */
    readonly method?: "GET" | "HEAD" | "OPTIONS" | "POST";
    readonly headers?: Readonly<Record<string, string>>;
    /** Sent as `Content-Type: application/json`; `{NAME}` stands for a secret, `{domain}` for the domain. */
    readonly body?: string;
    /** Name of a secret, for `Authorization: Bearer`. */
    readonly bearer?: string;
    /** For basic authentication: `secret` is a secret's name. */
    readonly basic?: { readonly user: string; readonly secret: string };
  };
  readonly answer: {
    readonly status: number | readonly number[];
    /** Name -> exact value. */
    readonly headers?: Readonly<Record<string, string>>;
    /** Stands somewhere in the body. */
    readonly contains?: string;
    /** Of a body in JSON: path with dots -> value, or the largest number that it may be. */
    readonly json?: Readonly<Record<string, string | number | boolean | { readonly atMost: number }>>;
  };
}

/** A command in the container of a service: it ends with 0, and prints what is wanted. */
export interface CommandCheckSpec extends CheckHead {
  readonly service: string;
  readonly command: readonly string[];
  /** A regular expression; `^` and `$` are a line's start and end. @default anything */
  readonly prints?: string;
}

/** Whether a check asks as a visitor does. */
export function isAnswerCheck(check: SystemCheckSpec): check is AnswerCheckSpec {
  return "request" in check;
}

/** The log of a service or unit, which does not say something, nor the value of any secret. */
export interface LogCheckSpec extends CheckHead {
  /** Or a unit. */
  readonly service: string;
  readonly log: {
    /** An extended regular expression, whatever the case. */
    readonly without: string;
    /** Only lines that are younger, in minutes. @default everything since the container, or all of the journal */
    readonly minutes?: number;
  };
}

export function isLogCheck(check: SystemCheckSpec): check is LogCheckSpec {
  return "log" in check;
}

export function isCommandCheck(check: SystemCheckSpec): check is CommandCheckSpec {
  return "command" in check;
}
