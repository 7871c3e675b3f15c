import type { AnyFunction, AnyPlugin } from "./server";
import { elementOf, type Property, type PropertyTable, type PropertyType } from "./schema";

const PULUMI_TYPES: Record<string, object> = {
  any: { $ref: "pulumi.json#/Any" },
  asset: { $ref: "pulumi.json#/Asset" },
};

/** The package schema that `pulumi package get-schema` prints; nested objects are written in place. */
export function packageSchema(plugin: AnyPlugin): object {
  return {
    name: plugin.name,
    version: plugin.version,
    config: { variables: properties(plugin.config ?? {}) },
    provider: { inputProperties: properties(plugin.config ?? {}) },
    resources: mapValues(plugin.resources, ({ schema }) => ({
      inputProperties: properties(schema.inputs),
      requiredInputs: required(schema.inputs),
      properties: properties({ ...schema.inputs, ...schema.outputs }),
    })),
    functions: mapValues(plugin.functions ?? {}, ({ schema }: AnyFunction) => ({
      inputs: { properties: properties(schema.inputs), required: required(schema.inputs) },
      outputs: { properties: properties({ ...schema.inputs, ...schema.outputs }) },
    })),
  };
}

function mapValues<T>(record: Readonly<Record<string, T>>, change: (value: T) => object): object {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

const required = (table: PropertyTable): string[] => Object.keys(table).filter((key) => table[key]?.required);

const properties = (table: PropertyTable): object => mapValues(table, propertySchema);

function propertySchema(property: Property): object {
  return {
    ...typeSchema(property.type),
    ...(property.secret && { secret: true }),
    ...(property.replaces && { replaceOnChanges: true }),
    ...(property.default !== undefined && { default: property.default }),
  };
}

function typeSchema(type: PropertyType): object {
  if (typeof type === "string") return PULUMI_TYPES[type] ?? { type };
  if ("map" in type) return { type: "object", additionalProperties: typeSchema(type.map) };
  if ("object" in type) return { type: "object", properties: properties(type.object) };
  return { type: "array", items: propertySchema(elementOf(type) ?? { type: "any" }) };
}
