/**
 * Property values as the engine sends them (`google.protobuf.Struct`) and as plugins use them.
 * The signatures are the ones of Pulumi's property wire format (sdk/go/common/resource/plugin/rpc.go).
 */

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const ASSET = "c44067f5952c0a294b673a41bacd8c17";
const ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7";
const OUTPUT_VALUE = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const RESOURCE_REFERENCE = "5cf8f73096256a8f31e491e813e4eb8e";

/** The engine's strings for a value that is not known before the update (one per kind of value). */
const UNKNOWN_STRINGS: ReadonlySet<string> = new Set([
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // boolean
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9", // string
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
  "030794c1-ac77-496b-92df-f27374a8bd58", // asset
  "e48ece36-62e2-4504-bad9-02848725956a", // archive
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);
const UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A value that a preview cannot know yet. */
export const UNKNOWN: unique symbol = Symbol("unknown");

/** A secret on its way between plugin and engine; resource code never sees it. */
export class Secret {
  constructor(readonly value: unknown) {}
}

/** A file's text, its path on this machine or its URL; `hash` is filled in by the engine. */
export class Asset {
  constructor(readonly content: { text?: string; path?: string; uri?: string; hash?: string }) {}
}

/** A folder or archive file, its URL, or a map of assets and archives by relative path. */
export class Archive {
  constructor(
    readonly content: { assets?: Record<string, unknown>; path?: string; uri?: string; hash?: string },
  ) {}
}

export type Properties = Record<string, unknown>;

/** A plain object: neither list nor one of the classes above. */
export function isObject(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function mapObject(object: Properties, change: (value: unknown, key: string) => unknown): Properties {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
}

/** Reads the wire form: secrets become `Secret`, unknown values `UNKNOWN`; null members are left out. */
export function decode(wire: unknown): unknown {
  if (typeof wire === "string") return UNKNOWN_STRINGS.has(wire) ? UNKNOWN : wire;
  if (Array.isArray(wire)) return wire.map(decode);
  if (!isObject(wire)) return wire ?? undefined;
  return SIGNATURE in wire ? decodeSigned(wire) : withoutUndefined(mapObject(wire, decode));
}

function decodeSigned(wire: Properties): unknown {
  switch (wire[SIGNATURE]) {
    case SECRET:
      return new Secret(decode(wire["value"]));
    case ASSET:
      return new Asset(fileContent(wire));
    case ARCHIVE:
      return new Archive({ ...fileContent(wire), ...decodedAssets(wire["assets"]) });
    case OUTPUT_VALUE: {
      const value = "value" in wire ? decode(wire["value"]) : UNKNOWN;
      return wire["secret"] === true ? new Secret(value) : value;
    }
    case RESOURCE_REFERENCE:
      return decode(wire["id"] || wire["urn"]);
    default:
      throw new Error(`a value of a kind this plugin does not know: ${String(wire[SIGNATURE])}`);
  }
}

/** The wire form of a value; undefined members are left out, undefined list elements become null. */
export function encode(value: unknown): unknown {
  if (value === UNKNOWN) return UNKNOWN_STRING;
  if (value instanceof Secret) return { [SIGNATURE]: SECRET, value: encode(value.value) };
  if (value instanceof Asset) return { [SIGNATURE]: ASSET, ...withoutUndefined({ ...value.content }) };
  if (value instanceof Archive) {
    return { [SIGNATURE]: ARCHIVE, ...(encode({ ...value.content }) as Properties) };
  }
  if (Array.isArray(value)) return value.map(encode);
  if (isObject(value)) return withoutUndefined(mapObject(value, (v) => (v === undefined ? v : encode(v))));
  return value ?? null;
}

/** The same value without secret marks: what resource code works with. */
export function plain(value: unknown): unknown {
  if (value instanceof Secret) return plain(value.value);
  if (Array.isArray(value)) return value.map(plain);
  return isObject(value) ? mapObject(value, plain) : value;
}

/** True if the value or a part of it is not known yet. */
export function hasUnknown(value: unknown): boolean {
  if (value === UNKNOWN) return true;
  if (value instanceof Secret) return hasUnknown(value.value);
  if (Array.isArray(value)) return value.some(hasUnknown);
  return isObject(value) && Object.values(value).some(hasUnknown);
}

/** Marks each part of `value` as secret that is secret at the same place in `like`. */
export function secretLike(value: unknown, like: unknown): unknown {
  if (value === undefined) return undefined;
  if (like instanceof Secret) return value instanceof Secret ? value : new Secret(value);
  if (value instanceof Secret) return new Secret(secretLike(value.value, like));
  if (Array.isArray(value) && Array.isArray(like)) return value.map((v, i) => secretLike(v, like[i]));
  if (isObject(value) && isObject(like)) return mapObject(value, (v, key) => secretLike(v, like[key]));
  return value;
}

/** Equality of plain values; an asset or archive equals another with the same hash. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return a !== UNKNOWN;
  if (a instanceof Asset && b instanceof Asset) return sameContent(a.content, b.content);
  if (a instanceof Archive && b instanceof Archive) return sameContent(a.content, b.content);
  if (Array.isArray(a) && Array.isArray(b)) return sameList(a, b);
  if (!isObject(a) || !isObject(b)) return false;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => sameValue(a[key], b[key]));
}

function sameList(a: unknown[], b: unknown[]): boolean {
  return a.length === b.length && a.every((value, i) => sameValue(value, b[i]));
}

function sameContent(a: { hash?: string }, b: { hash?: string }): boolean {
  return a.hash || b.hash ? a.hash === b.hash : sameValue({ ...a }, { ...b });
}

function withoutUndefined(object: Properties): Properties {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

function fileContent(wire: Properties): { text?: string; path?: string; uri?: string; hash?: string } {
  const members = ["text", "path", "uri", "hash"].map((key) => [key, wire[key]] as const);
  return Object.fromEntries(members.filter(([, value]) => typeof value === "string" && value !== ""));
}

function decodedAssets(assets: unknown): { assets?: Properties } {
  return isObject(assets) ? { assets: mapObject(assets, decode) } : {};
}
