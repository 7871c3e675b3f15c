export type { Change } from "./diff";
export {
  PartialFailure,
  type Context,
  type Created,
  type FunctionType,
  type ReadResult,
  type ResourceType,
} from "./resource";
export type { CheckFailure, Property, PropertyTable, PropertyType, ResourceSchema } from "./schema";
export { servePlugin, type Plugin } from "./server";
export { Archive, Asset, sameValue, UNKNOWN, type Properties } from "./values";
