import type { Json } from "./client";

const toSnake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const toCamel = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** Inputs as the API has them: `zoneId` becomes `zone_id`, nested objects too; what is undefined is left out. */
export function toApi(value: object): Json {
  return renamed(value, toSnake) as Json;
}

/** An answer as Pulumi has it. Null becomes undefined: an output that is not there. */
// The caller names the shape, as with JSON.parse.
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
export function fromApi<T>(value: object): T {
  return renamed(value, toCamel) as T;
}

function renamed(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((element) => renamed(element, rename));
  if (typeof value !== "object" || value === null) return value ?? undefined;
  const members = Object.entries(value).filter(([, member]) => member !== undefined && member !== null);
  return Object.fromEntries(members.map(([name, member]) => [rename(name), renamed(member, rename)]));
}

/** A copy of the members under `names` that there are. */
export function pick<T extends object, K extends keyof T>(
  object: T,
  names: readonly K[],
): Partial<Pick<T, K>> {
  const members = names.filter((name) => object[name] !== undefined).map((name) => [name, object[name]]);
  return Object.fromEntries(members) as Partial<Pick<T, K>>;
}
