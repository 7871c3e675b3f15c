/** One broken rule: where, what must hold, what was found (already safe to show) and the command that mends it. */
export interface Fault {
  readonly path: string;
  /** Continues "must …". */
  readonly rule: string;
  readonly got: string;
  readonly fix: string;
}

const HIDDEN = "[hidden]";
const LONGEST_SHOWN = 60;
const TOKEN_RUN = /[A-Za-z0-9_+/=-]{32,}/;
/** In an address a slash divides. */
const TOKEN_RUN_IN_URL = /[A-Za-z0-9_+=-]{32,}/;
const TOKEN_PREFIX =
  /(gh[pousr]_|github_pat_|glpat-|dckr_pat_|sk_live_|xox[abps]-|AKIA|AGE-SECRET-KEY|PRIVATE KEY)/i;

/** The form of every message: `path: must <rule>, got <value>; fix: <command>`. */
export function formatFault(fault: Fault): string {
  return `${fault.path}: must ${fault.rule}, got ${fault.got}; fix: ${fault.fix}`;
}

/** True for text that could be a key or a token, so that one pasted into the wrong place is never echoed. */
export function looksSecret(text: string): boolean {
  const run = /^[a-z]+:\/\//.test(text) ? TOKEN_RUN_IN_URL : TOKEN_RUN;
  return run.test(text.replaceAll(/@sha256:[0-9a-f]+/g, "")) || TOKEN_PREFIX.test(text);
}

/**
 * A value as a message may show it: quoted where it holds anything but plain characters, shortened to 60
 * characters, hidden when it looks like a key or token or holds one of `secrets`.
 */
export function show(value: unknown, secrets: readonly string[] = []): string {
  if (value === undefined || value === "") return "nothing";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (looksSecret(text) || secrets.some((secret) => overlaps(text, secret))) return HIDDEN;
  const short = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
  return /^[\w.:/@*+,…-]+$/.test(short) ? short : JSON.stringify(short).replaceAll(INVISIBLE, escaped);
}

/** JSON leaves some of these as they are, and a terminal would obey or hide them. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** What stands for a value that is never shown; the length helps to find a cut or doubled paste. */
export function hidden(value: string): string {
  return `[hidden, ${value.length} characters]`;
}

function overlaps(text: string, secret: string): boolean {
  return secret.length > 0 && (text.includes(secret) || (text.length >= 8 && secret.includes(text)));
}

/** A fault of a spec in code: the fix is an edit, so it is told in words. */
export function specFault(path: string, rule: string, got: unknown, fix: string): Fault {
  return { path, rule, got: show(got), fix };
}

/** Several faults as one error, one line each. For specs in code; stack config throws `ConfigError`. */
export class FaultsError extends Error {
  override readonly name = "FaultsError";
  constructor(
    readonly subject: string,
    readonly faults: readonly Fault[],
  ) {
    super(`${subject}:\n${faults.map((fault) => `  ${formatFault(fault)}`).join("\n")}`);
  }
}
