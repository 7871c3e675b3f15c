import { existsSync, readFileSync, statSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { parseEnv } from "node:util";
import { interpolate, literal, type Interpolated, type Variables } from "./interpolate";
import type { Node } from "./node";
import type { Place } from "./place";
import { isIdentity, isSecretVariable } from "./secret-values";

/** A variable of a service, and where the compose file has it. */
export interface Variable {
  readonly name: string;
  /** As the file has it; undefined for one that Compose takes from the shell. */
  readonly template: string | undefined;
  readonly value: Interpolated;
  readonly node: Node;
  /** Compose's secret that it is. @default none */
  readonly granted?: string;
}

/** What becomes of a service's environment. */
export interface Environment {
  readonly plain: Record<string, string>;
  /** By the secret's name: the template, to find two that differ. */
  readonly secrets: Map<string, Variable>;
  /** The one file of the server that it is read from. @default none, or the project's own only */
  readonly file: string | undefined;
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
export function environmentOf(service: Node, { folder, told }: Place): Environment {
  const variables = new Map<string, Variable>();
  const files = filesOf(service);
  for (const variable of [
    ...files.flatMap((file) => fromFile(file, folder)),
    ...fromEnvironment(service.get("environment")),
  ])
    variables.set(variable.name, variable);
  const plain: Record<string, string> = {};
  const secrets = new Map<string, Variable>();
  for (const variable of variables.values()) {
    const { name, value, node } = variable;
    if (!isSecretVariable(name, value, told)) {
      if (isTold(variable)) plain[name] = value.text;
    } else if (/^[A-Z][A-Z0-9_]*$/.test(name)) secrets.set(name, variable);
    else node.leave(`${name} looks like a secret, and a secret is named in capitals: rename it`);
  }
  return { plain, secrets, file: serversFile(files) };
}

/** Notes what a plain value needs; false where it has none. */
function isTold({ name, value: { text, asked }, node }: Variable): boolean {
  const lacking = asked.filter(({ isSet, hasDefault }) => !isSet && !hasDefault);
  if (isIdentity(name) && lacking.length > 0) {
    const names = lacking.map((each) => each.name).join(", ");
    node.leave(`asks for ${names}, which is not set: give it with --env-file`);
    return false;
  }
  if (text.includes("{domain}")) node.change("{domain} stands for the stack's domain here");
  return true;
}

function serversFile(files: readonly EnvironmentFile[]): string | undefined {
  const [first, ...others] = files.filter(({ path }) => isAbsolute(path));
  for (const { entry } of others) entry.change(`${first?.path} holds it all: a service has one file`);
  first?.entry.change(
    `Homeport writes ${first.path} on the server, from environment and secrets: edit those in its place`,
  );
  return first?.path;
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

interface EnvironmentFile {
  readonly path: string;
  readonly entry: Node;
}

function filesOf(service: Node): EnvironmentFile[] {
  const node = service.get("env_file");
  const entries = node.isList ? node.children().map(([, child]) => child) : node.isThere ? [node] : [];
  return entries.flatMap((entry) => {
    const path = (entry.isMap ? entry.get("path") : entry).plain();
    return path === undefined ? [] : [{ path, entry }];
  });
}

function fromFile({ path, entry }: EnvironmentFile, folder: string): Variable[] {
  const file = resolve(folder, path);
  const isOptional = entry.isMap && entry.get("required").value === false;
  if (!existsSync(file) || statSync(file).isDirectory()) {
    if (isOptional)
      for (const key of ["path", "required"]) entry.get(key).spare(`${path} is not there, and need not be`);
    else entry.leave(`${path} is not there, nor what it holds: bring it, and import again`);
    return [];
  }
  if (entry.isMap) entry.get("required").spare(`${path} is there`);
  if (entry.isMap && entry.get("format").value === "raw")
    entry.get("format").leave("is read as Compose usually does, variables filled in");
  return Object.entries(readVariables(file, entry.variables)).map(([name, text]) => ({
    ...{ name, template: text, value: literal(text), node: entry },
  }));
}
