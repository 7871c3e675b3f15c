import { UNKNOWN, type ResourceType } from "../lib";
import type { Json } from "./client";
import { fromApi, pick } from "./names";
import { api } from "./provider-config";
import { ZONE_SETTING } from "./tables";

interface Inputs {
  readonly enabled?: boolean;
  readonly settingId: string;
  readonly value: unknown;
  readonly zoneId: string;
}

interface State extends Inputs {
  readonly editable?: boolean;
  readonly modifiedOn?: string;
  readonly timeRemaining?: number;
}

const COMPUTED = ["editable", "modifiedOn", "timeRemaining"] as const;

/** A setting is changed, never made or removed: its deletion leaves the zone as it is, as the published plugin does. */
export const zoneSetting: ResourceType<Inputs, State> = {
  schema: ZONE_SETTING,
  preview: (_news, state) => (state ? { modifiedOn: UNKNOWN as never } : {}),

  async create(inputs, { signal }) {
    return { id: inputs.settingId, outputs: await patch(inputs, pick(inputs, ["value", "enabled"]), signal) };
  },

  async read(id, state, { signal }) {
    const [zoneId, settingId] = id.includes("/")
      ? (id.split("/") as [string, string])
      : [String(state.zoneId), id];
    const found = await api().find({ method: "GET", path: path({ zoneId, settingId }), signal });
    if (!found) return undefined;
    const outputs = {
      settingId,
      zoneId,
      ...computed(found),
      value: found.value,
      ...pick(found as { enabled?: boolean }, ["enabled"]),
    };
    return { id: settingId, outputs };
  },

  async update(_id, state, news, { signal }) {
    const isChanged = JSON.stringify(state.value) !== JSON.stringify(news.value);
    const body = {
      ...(isChanged && { value: news.value }),
      ...(state.enabled !== news.enabled && pick(news, ["enabled"])),
    };
    return patch(news, body, signal);
  },
};

function path({ zoneId, settingId }: Pick<Inputs, "zoneId" | "settingId">): string {
  return `zones/${zoneId}/settings/${settingId}`;
}

async function patch(inputs: Inputs, body: Json, signal: AbortSignal): Promise<State> {
  const answer = await api().result({ method: "PATCH", path: path(inputs), body, signal });
  return { ...pick(answer as { enabled?: boolean }, ["enabled"]), ...inputs, ...computed(answer) };
}

function computed(answer: Json): Partial<State> {
  return pick(fromApi<State>({ ...answer, value: null }), COMPUTED);
}
