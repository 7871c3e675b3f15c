import { UNKNOWN, type Change, type CheckFailure, type ResourceType } from "../lib";
import type { Json } from "./client";
import { fromApi, pick, toApi } from "./names";
import { api } from "./provider-config";
import { DNS_RECORD } from "./tables";

interface Inputs {
  readonly comment?: string;
  readonly content?: string;
  readonly data?: Json;
  readonly includeShadowMetadata?: boolean;
  readonly name: string;
  readonly priority?: number;
  readonly privateRouting?: boolean;
  readonly proxied?: boolean;
  readonly settings?: Json;
  readonly tags?: readonly string[];
  readonly ttl: number;
  readonly type: string;
  readonly zoneId: string;
}

interface State extends Inputs {
  readonly id?: string;
  readonly commentModifiedOn?: string;
  readonly createdOn?: string;
  readonly meta?: string;
  readonly modifiedOn?: string;
  readonly proxiable?: boolean;
  readonly tagsModifiedOn?: string;
  /** What the published plugin keeps beside the state: the zone's name, read off a record's full name. */
  readonly __meta?: string;
}

const TYPES =
  "A AAAA CNAME MX NS OPENPGPKEY PTR TXT CAA CERT DNSKEY DS HTTPS LOC NAPTR SMIMEA SRV SSHFP SVCB TLSA URI".split(
    " ",
  );
// Sent in a body; a member that the plan sets is never taken from the answer.
const SENT = [
  "comment",
  "content",
  "data",
  "name",
  "priority",
  "privateRouting",
  "proxied",
  "settings",
  "tags",
  "ttl",
  "type",
] as const;
const COMPUTED = ["commentModifiedOn", "createdOn", "modifiedOn", "proxiable", "tagsModifiedOn"] as const;
const COMPUTED_UNLESS_SET = ["content", "proxied", "tags"] as const;

export const dnsRecord: ResourceType<Inputs, State> = {
  schema: DNS_RECORD,
  check,
  diff: (changes, { state, news }) => changes.filter((change) => isReal(change, state, news)),
  preview: (news, state) =>
    state
      ? { modifiedOn: UNKNOWN as never }
      : { ...unknownUntilCreated(news), proxied: news.proxied ?? false },

  async create(inputs, { signal }) {
    if (inputs.proxied && inputs.ttl !== 1) throw new Error("ttl must be set to 1 when `proxied` is true");
    const made = await api().result({
      method: "POST",
      path: records(inputs.zoneId),
      ...request(inputs),
      signal,
    });
    return { id: String(made.id), outputs: afterWrite(inputs, made) };
  },

  async read(id, state, { signal }) {
    const [zoneId, recordId] = id.includes("/")
      ? (id.split("/") as [string, string])
      : [String(state.zoneId), id];
    const found = await api().find({ method: "GET", path: `${records(zoneId)}/${recordId}`, signal });
    return found && { id: recordId, outputs: afterRead({ ...state, zoneId }, found) };
  },

  async update(id, state, news, { signal }) {
    const path = `${records(news.zoneId)}/${id}`;
    const put = await api().result({ method: "PUT", path, ...request(news), signal });
    return { ...afterWrite(news, put), ...pick(state, ["__meta"]) };
  },

  async delete(id, { zoneId }, { signal }) {
    await api().result({ method: "DELETE", path: `${records(zoneId)}/${id}`, signal });
  },
};

function records(zoneId: string): string {
  return `zones/${zoneId}/dns_records`;
}

function request(inputs: Inputs): { body: Json; query: Record<string, boolean | undefined> } {
  const body = toApi(pick({ ...inputs, proxied: inputs.proxied ?? false }, SENT));
  return { body, query: { include_shadow_metadata: inputs.includeShadowMetadata } };
}

function check(news: Inputs): CheckFailure[] {
  const failures: CheckFailure[] = [];
  const { type, priority } = news;
  if (typeof type === "string" && !TYPES.includes(type.toUpperCase())) {
    failures.push({ property: "type", reason: `must be one of ${TYPES.join(", ")}` });
  }
  if (news.content !== undefined && news.data !== undefined) {
    failures.push({ property: "content", reason: "must not be set together with data" });
  }
  if (typeof priority === "number" && (priority < 0 || priority > 65_535)) {
    failures.push({ property: "priority", reason: "must be between 0 and 65535" });
  }
  return failures;
}

function unknownUntilCreated(news: Inputs): Partial<State> {
  const unknown = (["content", "tags", "settings"] as const).filter((name) => news[name] === undefined);
  return Object.fromEntries(unknown.map((name) => [name, UNKNOWN]));
}

/** Inputs stay as the program has them; the answer fills in what it left open. */
function afterWrite(inputs: Inputs, answer: Json): State {
  const found = stateOf(answer);
  const settings = inputs.settings ?? found.settings;
  return {
    includeShadowMetadata: false,
    ...pick(found, COMPUTED_UNLESS_SET),
    ...inputs,
    ...pick(found, COMPUTED),
    ...withSettings(inputs.type, settings),
    meta: found.meta ?? "{}",
  };
}

function afterRead(prior: Partial<State>, answer: Json): State {
  const { settings, ...found } = stateOf(answer);
  const zone = zoneName(prior.name ?? "", found.name);
  return {
    includeShadowMetadata: prior.includeShadowMetadata ?? false,
    ...pick(found as State, [...SENT, ...COMPUTED]),
    ...withSettings(found.type, settings),
    zoneId: prior.zoneId ?? "",
    meta: found.meta ?? "{}",
    ...(zone ? { __meta: JSON.stringify({ zone_name: zone }) } : pick(prior, ["__meta"])),
  } as State;
}

function stateOf(answer: Json): State {
  return { ...fromApi<State>({ ...answer, meta: null }), meta: JSON.stringify(answer.meta ?? {}) };
}

// Only a CNAME has settings; those that an answer leaves out are off.
function withSettings(type: string, settings: Json | undefined): { settings?: Json } {
  if (type === "CNAME")
    return { settings: { flattenCname: false, ipv4Only: false, ipv6Only: false, ...settings } };
  return settings && Object.keys(settings).length > 0 ? { settings } : {};
}

const bare = (name: string): string => name.replace(/\.$/, "");

function zoneName(prior: string, full: string): string | undefined {
  const prefix = `${bare(prior)}.`;
  return prior !== "" && bare(full).startsWith(prefix) ? bare(full).slice(prefix.length) : undefined;
}

/** Inputs whose difference the published plugin plans away, and when. */
const PLANNED_AWAY: Readonly<Record<string, (state: State, news: Inputs) => boolean>> = {
  name: (state, news) => isSameName(state, news.name),
  content: (state, news) =>
    news.data !== undefined || (news.type === "CNAME" && sameText(news.content, state.content)),
  tags: (state, news) => isEmpty(news.tags) && isEmpty(state.tags),
  settings: (state, news) => isOff(news.settings) && isOff(state.settings),
  proxied: (state, news) => isOn(news.proxied) === isOn(state.proxied),
};

function isReal({ path }: Change, state: State, news: Inputs): boolean {
  const isPlannedAway = PLANNED_AWAY[path.split(/[.[]/)[0] ?? ""];
  return !isPlannedAway?.(state, news);
}

const isEmpty = (list: readonly string[] | undefined): boolean => (list ?? []).length === 0;
const isOn = (flag: boolean | undefined): boolean => flag ?? false;

function isSameName(state: State, name: unknown): boolean {
  if (typeof name !== "string") return false;
  if (name === "@") return state.name === "@" || state.name.includes(".");
  if (bare(name) === bare(state.name)) return true;
  const rest = zoneName(name, state.name);
  const zone =
    state.__meta === undefined ? undefined : (JSON.parse(state.__meta) as { zone_name?: string }).zone_name;
  return rest !== undefined && (zone === undefined || rest === zone);
}

function sameText(a: unknown, b: unknown): boolean {
  return typeof a === "string" && typeof b === "string" && a.toLowerCase() === b.toLowerCase();
}

function isOff(settings: Json | undefined): boolean {
  return (
    settings === undefined ||
    (typeof settings === "object" && Object.values(settings).every((value) => value === false))
  );
}
