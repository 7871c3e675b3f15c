import { looksSecret } from "../../components/lib/faults";
import type { Asked, Interpolated, Piece } from "./interpolate";

const SECRET_NAME =
  /(^|_)(PASS|PASSWD|PASSWORD|PASSPHRASE|PWD|SECRET|SECRETS|TOKEN|KEY|APIKEY|CREDENTIALS?|DSN|SALT|PEPPER)(_|\d|$)|(PASSWORD|SECRET|TOKEN|APIKEY)$/i;
/** What a key's name says is about a secret, not the secret: how long it holds, where it lies. */
const ABOUT_ONE =
  /_(FILE|PATH|DIR|TTL|SECONDS|MINUTES|HOURS|DAYS|EXPIRY|EXPIRES|EXPIRES_IN|LENGTH|COUNT|LIMIT)$/i;
const USER_INFO = /:\/\/[^/\s:@]*:[^/\s@]+@/;
const QUERY = /[?&;]\w*(pass|secret|token|key|signature)\w*=[^&;\s]/i;
/** What decides on a database's place, and is no secret: Homeport has to know it. */
const IDENTITY = /^(POSTGRES|MYSQL|MARIADB)_(DB|DATABASE|USER)$/;

/** A name that a secret usually has. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !ABOUT_ONE.test(name);
}

/** A value that is one, or an address with a password in it. */
export function isSecretValue(text: string): boolean {
  return looksSecret(text) || USER_INFO.test(text) || QUERY.test(text);
}

/** A variable that says what a database is called, and by whom. */
export function isIdentity(name: string): boolean {
  return IDENTITY.test(name);
}

/**
 * Whether a variable that the compose file asks for may be a secret: all may that it leaves to somebody, but for what
 * the system says anyway (`told`) and ports.
 */
export function isSecretPiece(piece: Asked & Partial<Piece>, told: ReadonlySet<string>): boolean {
  const { name, hasDefault, isSet, text = "" } = piece;
  if (isSecretName(name)) return true;
  if (isSet && (told.has(text) || (/(^|_)PORT$/.test(name) && /^\d{1,5}$/.test(text)))) return false;
  return !hasDefault;
}

/**
 * Whether a variable of the environment becomes a secret: by its name, by its value, or because the compose file leaves
 * the value to somebody (`${NAME}` without a default).
 */
export function isSecretVariable(
  name: string,
  { text, asked, pieces }: Interpolated,
  told: ReadonlySet<string> = new Set(),
): boolean {
  if (isIdentity(name)) return isSecretValue(text);
  if (/^(true|false)?$/i.test(text) && asked.length === 0) return false;
  return isSecretName(name) || isSecretValue(text) || pieces.some((piece) => holdsSecret(piece, told));
}

function holdsSecret(piece: string | Piece, told: ReadonlySet<string>): boolean {
  if (typeof piece === "string") return false;
  return isSecretPiece(piece, told) || piece.fallback?.some((each) => holdsSecret(each, told)) === true;
}

const FLAG =
  /(^|[\s-])-{0,2}\w*(pass(word|wd|phrase)?|secret|token|api-?key)[= ]\s*["']?(?!["']?\$)[^\s"'$-]/i;
const FLAG_ALONE = /^-{1,2}\w*(pass(word|wd|phrase)?|secret|token|api-?key)$/i;

/** Whether a command line shows a secret: by a flag that takes one, or one of `known`. */
export function showsSecret(argv: readonly string[], known: readonly string[]): boolean {
  return argv.some(
    (argument, at) =>
      FLAG.test(argument) ||
      isSecretValue(argument) ||
      (FLAG_ALONE.test(argument) && !(argv[at + 1] ?? "$").startsWith("$")) ||
      known.some((secret) => secret.length >= 4 && argument.includes(secret)),
  );
}
