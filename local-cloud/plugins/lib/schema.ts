import { Archive, Asset, isObject, plain, Secret, UNKNOWN, type Properties } from "./values";

/** The type of a property's value. `any` takes everything; `asset` takes assets and archives alike. */
export type PropertyType =
  | "string"
  | "integer"
  | "number"
  | "boolean"
  | "any"
  | "asset"
  | { readonly list: PropertyType | Property }
  /** A list whose order means nothing. */
  | { readonly set: PropertyType | Property }
  | { readonly map: PropertyType }
  | { readonly object: PropertyTable };

export interface Property {
  readonly type: PropertyType;
  /** @default false */
  readonly required?: boolean;
  /** Marked secret in inputs and outputs. @default false */
  readonly secret?: boolean;
  /** A change below this property replaces the resource. @default false */
  readonly replaces?: boolean;
  /** Value of an input that is left out. */
  readonly default?: string | number | boolean;
  /** The only values allowed. */
  readonly values?: readonly string[];
}

export type PropertyTable = Readonly<Record<string, Property>>;

export interface ResourceSchema {
  readonly inputs: PropertyTable;
  /** Outputs beyond the inputs, which are all outputs too. */
  readonly outputs?: PropertyTable;
}

export interface CheckFailure {
  /** Path of the property, `connection.port` or `triggers[0]`. */
  readonly property: string;
  readonly reason: string;
}

/** What the engine is told to keep with the inputs: names of inputs that the plugin made up. */
export const DEFAULTS_KEY = "__defaults";

/** Checks inputs (secret marks allowed) against their table; lists every fault. */
export function checkInputs(table: PropertyTable, inputs: Properties, prefix = ""): CheckFailure[] {
  const unexpected = Object.keys(inputs)
    .filter((key) => !(key in table) && key !== DEFAULTS_KEY)
    .map((key) => ({
      property: prefix + key,
      reason: `unexpected property ${JSON.stringify(key)}; known are ${Object.keys(table).sort().join(", ")}`,
    }));
  const missing = Object.entries(table)
    .filter(([key, property]) => property.required && inputs[key] === undefined)
    .map(([key]) => ({ property: prefix + key, reason: `missing required property ${JSON.stringify(key)}` }));
  const wrong = Object.entries(table).flatMap(([key, property]) =>
    inputs[key] === undefined ? [] : checkValue(property, inputs[key], prefix + key),
  );
  return [...unexpected, ...missing, ...wrong];
}

function checkValue(property: Property, marked: unknown, path: string): CheckFailure[] {
  const value = plain(marked);
  if (value === UNKNOWN || property.type === "any") return [];
  const { type, values } = property;
  if (typeof type === "string") return checkScalar(type, values, value, path);
  const element = elementOf(type);
  if (element) {
    if (!Array.isArray(value)) return [{ property: path, reason: `must be a list, got ${kind(value)}` }];
    return value.flatMap((part, i) => checkValue(element, part, `${path}[${i}]`));
  }
  if (!isObject(value)) return [{ property: path, reason: `must be an object, got ${kind(value)}` }];
  if ("object" in type) return checkInputs(type.object, value, `${path}.`);
  return "map" in type ? checkMembers(asProperty(type.map), value, path) : [];
}

function checkScalar(
  type: string,
  values: readonly string[] | undefined,
  value: unknown,
  path: string,
): CheckFailure[] {
  if (!hasType(type, value))
    return [{ property: path, reason: `must be ${article(type)}, got ${kind(value)}` }];
  if (!values || values.includes(String(value))) return [];
  return [{ property: path, reason: `must be one of ${values.join(", ")}` }];
}

function checkMembers(member: Property, map: Properties, path: string): CheckFailure[] {
  return Object.entries(map).flatMap(([key, part]) => checkValue(member, part, childPath(path, key)));
}

function hasType(type: string, value: unknown): boolean {
  if (type === "integer") return Number.isInteger(value);
  if (type === "asset") return value instanceof Asset || value instanceof Archive;
  return typeof value === type;
}

function article(type: string): string {
  return /^[aio]/.test(type) ? `an ${type}` : `a ${type}`;
}

function kind(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value instanceof Asset || value instanceof Archive) return "an asset";
  return article(value === null ? "null" : typeof value);
}

/** What a list or set holds; undefined for other types. */
export function elementOf(type: PropertyType): Property | undefined {
  if (typeof type === "string") return undefined;
  if ("list" in type) return asProperty(type.list);
  return "set" in type ? asProperty(type.set) : undefined;
}

/** The members of an object that has a table of its own; undefined for other types. */
export function tableOf(type: PropertyType): PropertyTable | undefined {
  return typeof type === "object" && "object" in type ? type.object : undefined;
}

export function asProperty(type: PropertyType | Property): Property {
  return typeof type === "object" && "type" in type ? type : { type };
}

/** Path of a map's member, quoted where a plain name would be read differently. */
export function childPath(path: string, key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

/** The inputs with the defaults of their table, nested ones too, filled in. */
export function withDefaults(table: PropertyTable, inputs: Properties): Properties {
  const result: Properties = { ...inputs };
  for (const [key, property] of Object.entries(table)) {
    const value = result[key] ?? property.default;
    if (value !== undefined) result[key] = changeObjects(property, value, withDefaults);
  }
  return result;
}

/** The values with everything marked secret that the table declares secret. */
export function withSecrets(table: PropertyTable, values: Properties): Properties {
  const result: Properties = { ...values };
  for (const [key, property] of Object.entries(table)) {
    if (result[key] === undefined) continue;
    const value = changeObjects(property, result[key], withSecrets);
    result[key] = property.secret && !(value instanceof Secret) ? new Secret(value) : value;
  }
  return result;
}

/** Applies a change to every object with a table of its own below a property. */
function changeObjects(
  property: Property,
  value: unknown,
  change: (table: PropertyTable, values: Properties) => Properties,
): unknown {
  const { type } = property;
  if (value instanceof Secret) return new Secret(changeObjects(property, value.value, change));
  if (typeof type === "string") return value;
  const element = elementOf(type);
  if (element && Array.isArray(value)) return value.map((part) => changeObjects(element, part, change));
  return "object" in type && isObject(value) ? change(type.object, value) : value;
}

/** Provider configuration: everything but strings arrives as JSON text. */
export function parseConfig(table: PropertyTable, config: Properties): Properties {
  const parsed = Object.entries(config).map(([key, marked]): [string, unknown] => {
    const value = plain(marked);
    if (typeof value !== "string" || table[key] === undefined || table[key].type === "string")
      return [key, marked];
    const result = parseJson(value);
    return [key, marked instanceof Secret ? new Secret(result) : result];
  });
  return Object.fromEntries(parsed);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // the check names the property and its type
  }
}
