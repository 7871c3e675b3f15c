/** A variable that a text of a compose file asks for. */
export interface Asked {
  readonly name: string;
  /** The text says what stands for it when it is not set. */
  readonly hasDefault: boolean;
  readonly isSet: boolean;
}

export interface Interpolated {
  readonly text: string;
  readonly asked: readonly Asked[];
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
  const asked: Asked[] = [];
  let text = "";
  let at = 0;
  while (at < template.length) {
    const dollar = template.indexOf("$", at);
    if (dollar < 0) break;
    const found = expression(template.slice(dollar + 1), variables);
    text += template.slice(at, dollar) + found.text;
    asked.push(...found.asked);
    at = dollar + 1 + found.length;
  }
  return { text: text + template.slice(at), asked };
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
  return { text: "$", asked: [], length: rest.startsWith("$") ? 1 : 0 };
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
    const other = isSet ? interpolate(argument, variables) : { text: "", asked: [] };
    return { text: other.text, asked: [{ name, hasDefault: true, isSet }, ...other.asked] };
  }
  const own: Asked = { name, isSet, hasDefault: kind === "-" };
  if (isSet) return { text: value, asked: [own] };
  if (kind !== "-") return { text: value ?? "", asked: [own] };
  const fallback = interpolate(argument, variables);
  return { text: fallback.text, asked: [own, ...fallback.asked] };
}
