import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { elementOf, type PropertyTable, type PropertyType } from "../../local-cloud/plugins/lib/schema";

interface Typings {
  readonly file: ts.SourceFile;
  /** Nested input types: `types/input.d.ts` of the package. */
  readonly inputs: ts.SourceFile;
}

/**
 * Compares a stand-in's table with the typings of the published package: names, optionality and
 * kinds of values, nested objects included. Empty when they are equal.
 * @param file of the package, for example `remote/command.d.ts`
 * @param name of its interface, for example `CommandArgs`
 */
export function inputDifferences(
  packageName: string,
  file: string,
  name: string,
  table: PropertyTable,
): string[] {
  const root = dirname(require.resolve(`${packageName}/package.json`));
  const typings = { file: parse(join(root, file)), inputs: parse(join(root, "types/input.d.ts")) };
  const found = findInterface(typings.file, [name]);
  if (!found) return [`${file} has no interface ${name}`];
  return compare(typings, found, table, "");
}

function parse(path: string): ts.SourceFile {
  return ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
}

function findInterface(
  scope: ts.Node,
  [head, ...rest]: readonly string[],
): ts.InterfaceDeclaration | undefined {
  let result: ts.InterfaceDeclaration | undefined;
  ts.forEachChild(scope, (node) => {
    if (rest.length === 0 && ts.isInterfaceDeclaration(node) && node.name.text === head) result = node;
    if (rest.length > 0 && ts.isModuleDeclaration(node) && node.name.text === head && node.body) {
      result = findInterface(node.body, rest);
    }
  });
  return result;
}

function compare(
  typings: Typings,
  found: ts.InterfaceDeclaration,
  table: PropertyTable,
  prefix: string,
): string[] {
  const published = found.members.filter(ts.isPropertySignature);
  const names = new Set(published.map((member) => member.name.getText().replace(/["']/g, "")));
  const extra = Object.keys(table)
    .filter((key) => !names.has(key))
    .map((key) => `${prefix}${key}: not an input of the published type`);
  return published.reduce<string[]>((differences, member) => {
    const name = member.name.getText().replace(/["']/g, "");
    const ours = table[name];
    if (!ours) return [...differences, `${prefix}${name}: missing`];
    const optional = member.questionToken !== undefined;
    if (optional === (ours.required ?? false)) {
      differences.push(`${prefix}${name}: published as ${optional ? "optional" : "required"}`);
    }
    return [
      ...differences,
      ...(member.type ? compareType(typings, member.type, ours.type, prefix + name) : []),
    ];
  }, extra);
}

function compareType(typings: Typings, node: ts.TypeNode, ours: PropertyType, path: string): string[] {
  const published = unwrap(node);
  const mismatch = (kind: string): string[] => [
    `${path}: published as ${kind}, here ${JSON.stringify(ours)}`,
  ];
  if (ts.isArrayTypeNode(published)) {
    const element = elementOf(ours);
    return element
      ? compareType(typings, published.elementType, element.type, `${path}[]`)
      : mismatch("a list");
  }
  if (ts.isTypeLiteralNode(published)) {
    return typeof ours !== "string" && "map" in ours ? [] : mismatch("a map");
  }
  const text = published.getText();
  if (text.startsWith("inputs.")) {
    if (typeof ours === "string" || !("object" in ours)) return mismatch(text);
    return compareNested(typings, text, ours.object, path);
  }
  return scalarKinds(text).includes(ours as string) ? [] : mismatch(text);
}

function compareNested(typings: Typings, name: string, ours: PropertyTable, path: string): string[] {
  const nested = findInterface(typings.inputs, name.split(".").slice(1));
  return nested ? compare(typings, nested, ours, `${path}.`) : [`${path}: no typing of ${name}`];
}

/** The type inside `pulumi.Input<…>` and beside `undefined`. */
function unwrap(node: ts.TypeNode): ts.TypeNode {
  if (ts.isParenthesizedTypeNode(node)) return unwrap(node.type);
  if (ts.isUnionTypeNode(node)) {
    const some = node.types.find((type) => type.getText() !== "undefined");
    return some ? unwrap(some) : node;
  }
  const argument =
    ts.isTypeReferenceNode(node) && node.typeName.getText() === "pulumi.Input" && node.typeArguments?.[0];
  return argument ? unwrap(argument) : node;
}

function scalarKinds(text: string): string[] {
  if (text === "number") return ["number", "integer"];
  if (text.startsWith("pulumi.asset.")) return ["asset"];
  if (text.startsWith("enums.")) return ["string"];
  return [text];
}
