import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { interpolate, type Interpolated, type Variables } from "./interpolate";
import type { Node } from "./node";
import { isSecretVariable } from "./secret-values";

/** A variable of a service, and where the compose file has it. */
export interface Variable {
  readonly name: string;
  /** As the file has it; undefined for one that Compose takes from the shell. */
  readonly template: string | undefined;
  readonly value: Interpolated;
  readonly node: Node;
}

/** What becomes of a service's environment. */
export interface Environment {
  readonly plain: Record<string, string>;
  /** By the secret's name: the template, to find two that differ. */
  readonly secrets: Map<string, Variable>;
}

/** Reads `KEY=value` lines as Compose does; what is between single quotes stays as it is. */
export function readVariables(file: string, known: Variables = {}): Record<string, string> {
  const text = readFileSync(file, "utf8");
  const variables: Record<string, string> = {};
  for (const [name, value = ""] of Object.entries(parseEnv(text))) {
    const isLiteral = new RegExp(`^\\s*(export\\s+)?${name}\\s*=\\s*'`, "m").test(text);
    variables[name] = isLiteral ? value : interpolate(value, { ...variables, ...known }).text;
  }
  return variables;
}

/** `environment` over `env_file`, the later file over the earlier one. */
export function environmentOf(service: Node, folder: string): Environment {
  const variables = new Map<string, Variable>();
  for (const variable of [...fromFiles(service, folder), ...fromEnvironment(service.get("environment"))])
    variables.set(variable.name, variable);
  const plain: Record<string, string> = {};
  const secrets = new Map<string, Variable>();
  for (const variable of variables.values()) {
    const { name, value } = variable;
    if (!isSecretVariable(name, value)) plain[name] = value.text;
    else if (/^[A-Z][A-Z0-9_]*$/.test(name)) secrets.set(name, variable);
    else variable.node.leave(`${name} looks like a secret, and a secret is named in capitals: rename it`);
  }
  return { plain, secrets };
}

function fromEnvironment(node: Node): Variable[] {
  if (node.isScalar) node.leave("is neither a map nor a list");
  return node.children().flatMap(([key, child]) => {
    if (!node.isList) return variable(key, child.value === null ? undefined : child.value, child);
    const [, name = "", template] = /^([^=]*)(?:=([^]*))?$/.exec(String(child.value)) ?? [];
    return variable(name, template, child);
  });
}

function variable(name: string, template: unknown, node: Node): Variable[] {
  if (!["string", "number", "boolean", "undefined"].includes(typeof template)) {
    node.leave("is not a text");
    return [];
  }
  node.use();
  const given = template as string | number | boolean | undefined;
  const text = given === undefined ? undefined : String(given);
  return [{ name, template: text, value: interpolate(text ?? `\${${name}}`, node.variables), node }];
}

function fromFiles(service: Node, folder: string): Variable[] {
  const node = service.get("env_file");
  const entries = node.isList ? node.children().map(([, child]) => child) : node.isThere ? [node] : [];
  return entries.flatMap((entry) => {
    const path = (entry.isMap ? entry.get("path") : entry).plain();
    if (path === undefined) return [];
    if (entry.isMap) entry.get("required").use();
    const file = resolve(folder, path);
    if (!existsSync(file)) {
      const isOptional = entry.isMap && entry.get("required").value === false;
      if (!isOptional) entry.leave(`${path} is not there: bring it, and import again`);
      return [];
    }
    return Object.entries(readVariables(file, node.variables)).map(([name, text]) => ({
      ...{ name, template: text, value: { text, asked: [] }, node: entry },
    }));
  });
}
