import { looksSecret } from "../../components/lib/faults";
import type { Interpolated } from "./interpolate";

const SECRET_NAME =
  /(^|_)(PASS|PASSWD|PASSWORD|PASSPHRASE|PWD|SECRET|SECRETS|TOKEN|KEY|APIKEY|CREDENTIALS?|DSN|SALT|PEPPER)(_|\d|$)|(PASSWORD|SECRET|TOKEN|APIKEY)$/i;
/** What a key's name says is about a secret, not the secret: how long it holds, where it lies. */
const ABOUT_ONE =
  /_(FILE|PATH|DIR|TTL|SECONDS|MINUTES|HOURS|DAYS|EXPIRY|EXPIRES|EXPIRES_IN|LENGTH|COUNT|LIMIT)$/i;
const USER_INFO = /:\/\/[^/\s:@]*:[^/\s@]+@/;
/** What decides on a database's place, and is no secret: Homeport has to know it. */
const IDENTITY = /^(POSTGRES|MYSQL|MARIADB)_(DB|DATABASE|USER)$/;

/** A name that a secret usually has. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !ABOUT_ONE.test(name);
}

/** A value that is one, or an address with a password in it. */
export function isSecretValue(text: string): boolean {
  return looksSecret(text) || USER_INFO.test(text);
}

/**
 * Whether a variable of the environment becomes a secret: by its name, by its value, or because the compose file leaves
 * the value to somebody (`${NAME}` without a default).
 */
export function isSecretVariable(name: string, { text, asked }: Interpolated): boolean {
  if (IDENTITY.test(name)) return isSecretValue(text);
  if (/^(true|false)?$/i.test(text) && asked.length === 0) return false;
  return (
    isSecretName(name) ||
    isSecretValue(text) ||
    asked.some((each) => !each.hasDefault || (each.isSet && isSecretName(each.name)))
  );
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
