const WIDTH = 110;

/** TypeScript as Prettier leaves it: what fits on a line stays on one, other lists and objects get a line per item. */
export function printValue(value: unknown, indent = 0, used = 0): string {
  const flat = flatten(value);
  if (indent * 2 + used + flat.length <= WIDTH - 1 && !flat.includes("\n") && !isBroken(value)) return flat;
  const pad = "  ".repeat(indent + 1);
  const end = "  ".repeat(indent);
  if (Array.isArray(value)) {
    const items = value.map((item) => `${pad}${printValue(item, indent + 1)},\n`);
    return `[\n${items.join("")}${end}]`;
  }
  if (typeof value !== "object" || value === null) return flat;
  const items = Object.entries(value).map(([key, item]) => {
    const start = `${printKey(key)}: `;
    return `${pad}${start}${printValue(item, indent + 1, start.length)},\n`;
  });
  return `{\n${items.join("")}${end}}`;
}

/** Prettier puts a list of more than one object on lines of their own, when those hold more than one key each. */
function isBroken(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length > 1 &&
    value.every((item) => typeof item === "object" && item !== null && Object.keys(item as object).length > 1)
  );
}

function flatten(value: unknown): string {
  if (typeof value === "string") return printText(value);
  if (Array.isArray(value)) return `[${value.map(flatten).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return "{}";
  return `{ ${entries.map(([key, item]) => `${printKey(key)}: ${flatten(item)}`).join(", ")} }`;
}

function printKey(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : printText(key);
}

/** Double quotes, unless single ones need fewer backslashes. */
function printText(text: string): string {
  const json = JSON.stringify(text).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
  const doubles = text.split('"').length;
  const singles = text.split("'").length;
  if (doubles <= singles) return json;
  return `'${json.slice(1, -1).replaceAll("'", "\\'").replaceAll('\\"', '"')}'`;
}

/** A `system.ts`. `from` is the file's name. */
export function printSystem(spec: object, from: string): string {
  const sections = Object.entries(spec).map(([key, value]) => {
    const print = key === "services" ? printServices(value as object) : printValue(value, 1, key.length + 2);
    return `  ${key}: ${print},\n`;
  });
  return `import { defineSystem } from "homeport/system";

/** What ${from} says, written by homeport import. */
export const system = defineSystem({
${sections.join("")}});
`;
}

/** A line per part of a service, however short: it is read, and edited, part by part. */
function printServices(services: object): string {
  const each = Object.entries(services).map(([name, service]) => {
    const parts = Object.entries(service as object).map(
      ([key, value]) => `      ${key}: ${printValue(value, 3, key.length + 2)},\n`,
    );
    return `    ${printKey(name)}: {\n${parts.join("")}    },\n`;
  });
  return `{\n${each.join("")}  }`;
}
