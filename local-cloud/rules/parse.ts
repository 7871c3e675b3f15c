import { generate, type Parser } from "peggy";
import { ExpressionError, type Expression } from "./ast";
import { Checker, type Raw, type Use } from "./check";
import { GRAMMAR } from "./grammar";

const LONGEST = 4096; // characters, as documented

let parser: Parser | undefined;

/**
 * Reads an expression of Cloudflare's Rules language, of the subset that README.md lists. A filter and a counting
 * expression are conditions, a target is text.
 *
 * @throws ExpressionError at what is no expression, or outside the subset.
 */
export function parseExpression(text: string, use: Use = "filter"): Expression {
  if (text.length > LONGEST) {
    throw new ExpressionError(text, LONGEST, LONGEST + 1, `expression is longer than ${LONGEST} characters`);
  }
  const checker = new Checker(text, use);
  const raw = syntax(text);
  return use === "target" ? checker.target(raw) : checker.condition(raw);
}

function syntax(text: string): Raw {
  parser ??= generate(GRAMMAR);
  try {
    return parser.parse(text) as Raw;
  } catch (error) {
    if (!(error instanceof parser.SyntaxError)) throw error;
    const { location, message } = error;
    throw new ExpressionError(text, location.start.offset, location.end.offset, message.replace(/\.$/, ""));
  }
}
