import { partsOf } from "../../components/lib/system-secrets";
import type { Variable } from "./environment";
import type { Piece } from "./interpolate";
import { isSecretName, isSecretPiece, isSecretValue } from "./secret-values";

const SECRET_NAME = /^[A-Z][A-Z0-9_]*$/;
const PASSWORD = /(:\/\/[^/\s:@]*:)([^/\s@]+)(?=@)/;

/** What a template may be made of. */
export interface Parts {
  /** By their names: what the containers are given. */
  readonly first: ReadonlyMap<string, Variable>;
  /** What a value comes from -> the secret that has it; what only templates ask for is added. */
  readonly bases: Map<string, string>;
  /** Text -> the secret that is known to be it. */
  readonly passwords: ReadonlyMap<string, string>;
  readonly told: ReadonlySet<string>;
}

/** The compose file's name for a whole value: of the variable that it asks for, or of Compose's secret. */
export function originOf({ granted, value: { pieces } }: Variable): string | undefined {
  if (granted !== undefined) return `secrets.${granted}`;
  const [only, ...others] = pieces;
  return others.length > 0 || typeof only !== "object" ? undefined : only.name;
}

/** Kept secrets by their texts, where the compose file or its `.env` has these: an address may hold one of them. */
export function passwordsOf(
  first: ReadonlyMap<string, Variable>,
  bases: ReadonlyMap<string, string>,
): Map<string, string> {
  const plain = [...first].filter(([name, variable]) => {
    const { pieces, text } = variable.value;
    const origin = originOf(variable);
    const isKept = origin === undefined ? pieces.length === 1 : bases.get(origin) === name;
    return isKept && text.length >= 4 && !text.includes("://");
  });
  return new Map(plain.reverse().map(([name, { value }]) => [value.text, name]));
}

/** A template of other secrets that says what the variable does; undefined where it has to be asked for as a whole. */
export function composedOf(variable: Variable, parts: Parts): string | undefined {
  const { name, value } = variable;
  const origin = originOf(variable);
  const base = origin === undefined ? undefined : parts.bases.get(origin);
  if (base !== undefined) return base === name ? undefined : `{${base}}`;
  const added = new Map<string, string>();
  const texts = flat(value.pieces, parts.told).map((piece) => textOf(piece, parts, added));
  if (texts.includes(undefined)) return undefined;
  const template = withPassword(encoded(texts.join("")), parts, name);
  if (!isTemplate(name, template)) return undefined;
  for (const [asked, secret] of added) parts.bases.set(asked, secret);
  return template;
}

/** Without the variables whose text the system may show, and with the defaults of those that are not set. */
function flat(pieces: readonly (string | Piece)[], told: ReadonlySet<string>): (string | Piece)[] {
  return pieces.flatMap((piece) => {
    if (typeof piece === "string" || isSecretPiece(piece, told)) return [piece];
    return piece.fallback === undefined ? [piece.text] : flat(piece.fallback, told);
  });
}

/** Undefined for what cannot stand in a template. */
function textOf(piece: string | Piece, parts: Parts, added: Map<string, string>): string | undefined {
  if (typeof piece === "string") return partsOf(piece).length > 0 ? undefined : piece;
  const known = parts.bases.get(piece.name);
  if (known !== undefined) return `{${known}}`;
  if (!SECRET_NAME.test(piece.name) || parts.first.has(piece.name)) return undefined;
  added.set(piece.name, piece.name);
  return `{${piece.name}}`;
}

/** A part of an address' user and password is written as a URL has it. */
function encoded(template: string): string {
  return template.replaceAll(/:\/\/[^/?#\s]*@/g, (userInfo) => userInfo.replaceAll(/\{(\w+)\}/g, "{$1:url}"));
}

/** An address with a password that another secret is known to be. */
function withPassword(template: string, { passwords }: Parts, own: string): string {
  return template.replace(PASSWORD, (all, before: string, password: string) => {
    const name = passwords.get(decoded(password));
    return name === undefined || name === own ? all : `${before}{${name}:url}`;
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** It names secrets, and what it says beside them is none. */
function isTemplate(name: string, template: string): boolean {
  if (partsOf(template).length === 0) return false;
  if (isSecretName(name) && !template.includes("://")) return false;
  const rest = template.replaceAll(/:?\{\w+(:url)?\}/g, "");
  return !isSecretValue(rest);
}
