/** A variable that a text of a compose file asks for. */
export interface Asked {
  readonly name: string;
  /** The text says what stands for it when it is not set. */
  readonly hasDefault: boolean;
  readonly isSet: boolean;
}

/** What stands in a text for a variable. */
export interface Piece extends Asked {
  readonly text: string;
  /** Of the default that stands for a variable that is not set. @default none does */
  readonly fallback?: readonly (string | Piece)[];
}

export interface Interpolated {
  readonly text: string;
  readonly asked: readonly Asked[];
  /** What the text is made of, in its order. */
  readonly pieces: readonly (string | Piece)[];
}

/** A text that asks for nothing. */
export function literal(text: string): Interpolated {
  return { text, asked: [], pieces: text === "" ? [] : [text] };
}

/** Variables as Compose finds them, `.env` being the usual place. */
export type Variables = Readonly<Record<string, string>>;

const NAME = /^[A-Za-z_][A-Za-z0-9_]*/;
const OPERATOR = /^(:?[-?+])/;

/**
 * Compose's interpolation: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:?why}`, `${NAME?why}`,
 * `${NAME:+other}`, `${NAME+other}`, defaults with more of them, and `$$` for a dollar. One that is not set is empty.
 */
export function interpolate(template: string, variables: Variables): Interpolated {
  const pieces: (string | Piece)[] = [];
  const asked: Asked[] = [];
  let at = 0;
  while (at < template.length) {
    const dollar = template.indexOf("$", at);
    if (dollar < 0) break;
    const found = expression(template.slice(dollar + 1), variables);
    pieces.push(template.slice(at, dollar), ...found.pieces);
    asked.push(...found.asked);
    at = dollar + 1 + found.length;
  }
  pieces.push(template.slice(at));
  const text = pieces.map((piece) => (typeof piece === "string" ? piece : piece.text)).join("");
  return { text, asked, pieces: pieces.filter((piece) => piece !== "") };
}

/** What follows a dollar, and how many characters of it are the expression. */
function expression(rest: string, variables: Variables): Interpolated & { readonly length: number } {
  const inner = braced(rest);
  const name = NAME.exec(inner ?? rest)?.[0];
  if (name !== undefined) {
    const rule = inner?.slice(name.length) ?? "";
    return {
      ...substitute(name, rule, variables),
      length: inner === undefined ? name.length : inner.length + 2,
    };
  }
  // anything else but a second dollar Compose would refuse; here it stays what it is
  return { ...literal("$"), length: rest.startsWith("$") ? 1 : 0 };
}

/** What is between the braces that `text` starts with, inner braces included; undefined without braces that end. */
function braced(text: string): string | undefined {
  if (!text.startsWith("{")) return undefined;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === "{" && (at === 0 || text[at - 1] === "$")) depth += 1;
    if (text[at] === "}" && (depth -= 1) === 0) return text.slice(1, at);
  }
  return undefined;
}

function substitute(name: string, rule: string, variables: Variables): Interpolated {
  const operator = OPERATOR.exec(rule)?.[0] ?? "";
  const value = variables[name];
  // with a colon, an empty value counts as none
  const isSet = value !== undefined && !(operator.startsWith(":") && value === "");
  const argument = rule.slice(operator.length);
  const kind = operator.at(-1);
  if (kind === "+") {
    const other = isSet ? interpolate(argument, variables) : literal("");
    return { ...other, asked: [{ name, hasDefault: true, isSet }, ...other.asked] };
  }
  const own: Asked = { name, isSet, hasDefault: kind === "-" };
  if (isSet || kind !== "-") {
    const text = value ?? "";
    return { text, asked: [own], pieces: [{ ...own, text }] };
  }
  const { text, asked, pieces } = interpolate(argument, variables);
  return { text, asked: [own, ...asked], pieces: [{ ...own, text, fallback: pieces }] };
}
