/** The type of a value. `list` and `map` hold strings; a map's members are lists, as a header can come twice. */
export type Type = "string" | "number" | "boolean" | "ip" | "list" | "map";

interface FieldSpec {
  readonly type: Type;
  /** Only where the reply is known: counting expressions of rate limits. */
  readonly ofReply?: true;
}

const string: FieldSpec = { type: "string" };
const number: FieldSpec = { type: "number" };
const list: FieldSpec = { type: "list" };
const map: FieldSpec = { type: "map" };

/** Every field that is understood. What needs knowledge of the internet (scores, bots, ASNs) is not among them. */
export const FIELDS: Readonly<Record<string, FieldSpec>> = {
  "cf.edge.server_port": number,
  "cf.ray_id": string,
  "http.cookie": string,
  "http.host": string,
  "http.referer": string,
  "http.request.cookies": map,
  "http.request.full_uri": string,
  "http.request.headers": map,
  "http.request.headers.names": list,
  "http.request.headers.values": list,
  "http.request.method": string,
  "http.request.timestamp.sec": number,
  "http.request.uri": string,
  "http.request.uri.args": map,
  "http.request.uri.args.names": list,
  "http.request.uri.args.values": list,
  "http.request.uri.path": string,
  "http.request.uri.path.extension": string,
  "http.request.uri.query": string,
  "http.request.version": string,
  "http.response.code": { type: "number", ofReply: true },
  "http.response.headers": { type: "map", ofReply: true },
  "http.user_agent": string,
  "http.x_forwarded_for": string,
  "ip.src": { type: "ip" },
  "ip.src.country": string,
  "ip.geoip.country": string,
  "raw.http.request.full_uri": string,
  "raw.http.request.uri": string,
  "raw.http.request.uri.path": string,
  "raw.http.request.uri.query": string,
  ssl: { type: "boolean" },
};

/** What a function takes and gives. */
export interface FunctionSpec {
  /** Each argument's possible types; the last one repeats where `more` is set. */
  readonly takes: readonly (readonly Type[])[];
  /** How many arguments may be left out at the end. @default 0 */
  readonly optional?: number;
  readonly more?: true;
  readonly gives: Type;
  /** Only in what a redirect's target is made of. */
  readonly onlyInTargets?: true;
}

const S = ["string"] as const;
const N = ["number"] as const;

export const FUNCTIONS: Readonly<Record<string, FunctionSpec>> = {
  concat: { takes: [["string", "number"]], more: true, gives: "string" },
  ends_with: { takes: [S, S], gives: "boolean" },
  len: { takes: [["string", "list"]], gives: "number" },
  lower: { takes: [S], gives: "string" },
  regex_replace: { takes: [S, S, S], gives: "string", onlyInTargets: true },
  starts_with: { takes: [S, S], gives: "boolean" },
  substring: { takes: [S, N, N], optional: 1, gives: "string" },
  to_string: { takes: [["number", "boolean", "ip"]], gives: "string" },
  upper: { takes: [S], gives: "string" },
  url_decode: { takes: [S, S], optional: 1, gives: "string" },
  wildcard_replace: { takes: [S, S, S, S], optional: 1, gives: "string", onlyInTargets: true },
};

/** Functions over each value of a list: their argument is a comparison with `[*]` on its left. */
export const QUANTIFIERS = ["any", "all"];

/** Which operators a type knows. */
export const OPERATORS: Readonly<Record<Type, readonly string[]>> = {
  string: ["eq", "ne", "lt", "le", "gt", "ge", "contains", "matches", "wildcard", "strict wildcard", "in"],
  number: ["eq", "ne", "lt", "le", "gt", "ge", "in"],
  ip: ["eq", "ne", "lt", "le", "gt", "ge", "in"],
  boolean: [],
  list: [],
  map: [],
};
