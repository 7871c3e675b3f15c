import type { FunctionType } from "../lib";
import type { Json } from "./client";
import { fromApi, toApi } from "./names";
import { api } from "./provider-config";
import { GET_DNS_RECORDS, GET_IP_RANGES, GET_ZONE, GET_ZONE_SETTING, GET_ZONES } from "./tables";

interface ZoneFilter {
  readonly account?: { readonly id?: string; readonly name?: string };
  readonly direction?: string;
  readonly match?: string;
  readonly name?: string;
  readonly order?: string;
  readonly status?: string;
  readonly types?: readonly string[];
}

export const getZone: FunctionType<{ filter?: ZoneFilter; zoneId?: string }, Json> = {
  schema: GET_ZONE,
  async invoke({ filter, zoneId }, { signal }) {
    const id = filter ? await onlyZone(filter, signal) : zoneId;
    if (!id) throw new Error("Invalid zone configuration: empty or null zone ID");
    const zone = fromApi<Json>(await api().result({ method: "GET", path: `zones/${id}`, signal }));
    return { ...zone, ...(filter && { filter }), id, zoneId: id };
  },
};

async function onlyZone(filter: ZoneFilter, signal: AbortSignal): Promise<string> {
  const found = (await api().list({ method: "GET", path: "zones", query: zoneQuery(filter), signal })) as {
    id: string;
  }[];
  if (found.length !== 1) throw new Error(`failed to find exactly one result: ${found.length} found`);
  return found[0]?.id ?? "";
}

function zoneQuery({ account, types, ...plain }: ZoneFilter): Record<string, string | undefined> {
  return { ...plain, "account.id": account?.id, "account.name": account?.name, type: types?.join(",") };
}

export const getZones: FunctionType<ZoneFilter & { maxItems?: number }, Json> = {
  schema: GET_ZONES,
  async invoke({ maxItems = 1000, ...filter }, { signal }) {
    const found = await api().list(
      { method: "GET", path: "zones", query: zoneQuery(filter), signal },
      maxItems,
    );
    return {
      ...filter,
      match: filter.match ?? "all",
      maxItems,
      results: found.map((zone) => fromApi<Json>(zone)),
    };
  },
};

export const getIpRanges: FunctionType<{ networks?: string }, Json> = {
  schema: GET_IP_RANGES,
  async invoke({ networks }, { signal }) {
    const ranges = fromApi<Json>(
      await api().result({ method: "GET", path: "ips", query: { networks }, signal }),
    );
    return { jdcloudCidrs: [], ...ranges, ...(networks !== undefined && { networks }) };
  },
};

export const getZoneSetting: FunctionType<{ settingId: string; zoneId?: string }, Json> = {
  schema: GET_ZONE_SETTING,
  async invoke({ settingId, zoneId }, { signal }) {
    const found = await api().result({
      method: "GET",
      path: `zones/${zoneId ?? ""}/settings/${settingId}`,
      signal,
    });
    return {
      ...fromApi<Json>({ ...found, value: null }),
      value: found.value,
      id: settingId,
      settingId,
      zoneId,
    };
  },
};

interface RecordFilter {
  readonly maxItems?: number;
  readonly zoneId?: string;
  readonly [filter: string]: unknown;
}

/** What the caller left open stays open: the defaults of match, order and the like are the API's own. */
export const getDnsRecords: FunctionType<RecordFilter, Json> = {
  schema: GET_DNS_RECORDS,
  async invoke(args, { signal }) {
    const { maxItems, zoneId, ...filter } = args;
    const path = `zones/${zoneId ?? ""}/dns_records`;
    const atMost = maxItems !== undefined && maxItems > 0 ? maxItems : 1000;
    const found = await api().list({ method: "GET", path, query: recordQuery(filter), signal }, atMost);
    return { ...args, results: found.map(recordResult) };
  },
};

/** Nested filters go with a dot: `name.exact`. */
function recordQuery(filter: object): Record<string, string> {
  const pairs = Object.entries(toApi(filter)).flatMap(([name, value]) =>
    typeof value === "object" && value !== null
      ? Object.entries(value).map(([part, wanted]) => [`${name}.${part}`, String(wanted)])
      : [[name, String(value)]],
  );
  return Object.fromEntries(pairs) as Record<string, string>;
}

function recordResult({ meta, ...record }: Json): Json {
  return { ...fromApi<Json>(record), meta: JSON.stringify(meta ?? {}) };
}
