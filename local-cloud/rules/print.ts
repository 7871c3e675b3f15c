import { LOGIC, type Expression, type Index, type Member } from "./ast";

/** The expression as text that reads back as the same expression. */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case "string":
      return quoted(expression.value);
    case "number":
    case "boolean":
      return String(expression.value);
    case "field":
      return expression.name + expression.index.map(printIndex).join("");
    case "call":
      return `${expression.name}(${expression.arguments.map(printExpression).join(", ")})`;
    case "compare":
      return `${printExpression(expression.left)} ${expression.operator} ${printMember(expression.right)}`;
    case "in":
      return `${printExpression(expression.left)} in {${expression.set.map(printMember).join(" ")}}`;
    case "not":
      return `not ${inside(expression.of, -1)}`;
    case "logic": {
      const rank = LOGIC.indexOf(expression.operator);
      return expression.all.map((one) => inside(one, rank)).join(` ${expression.operator} `);
    }
  }
}

function inside(expression: Expression, rank: number): string {
  const text = printExpression(expression);
  const needs = expression.kind === "logic" && LOGIC.indexOf(expression.operator) >= rank;
  return needs ? `(${text})` : text;
}

function printIndex(index: Index): string {
  return index === null ? "[*]" : `[${typeof index === "number" ? index : quoted(index)}]`;
}

function printMember(member: Member): string {
  if (member.kind === "range") return `${member.from}..${member.to}`;
  return member.kind === "string" ? quoted(member.value) : String(member.value);
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}
