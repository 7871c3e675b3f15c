import type { CheckFailure, ResourceType } from "../lib";
import type { Json } from "./client";
import { fromApi, pick, toApi } from "./names";
import { api } from "./provider-config";
import { ZONE_DNSSEC } from "./tables";

interface Inputs {
  readonly dnssecMultiSigner?: boolean;
  readonly dnssecPresigned?: boolean;
  readonly dnssecUseNsec3?: boolean;
  readonly status?: string;
  readonly zoneId: string;
}

const SENT = ["dnssecMultiSigner", "dnssecPresigned", "dnssecUseNsec3", "status"] as const;
const path = (zoneId: string): string => `zones/${zoneId}/dnssec`;

export const zoneDnssec: ResourceType<Inputs, Inputs> = {
  schema: ZONE_DNSSEC,
  check: ({ status }): CheckFailure[] =>
    typeof status === "string" && !["active", "disabled"].includes(status.toLowerCase())
      ? [{ property: "status", reason: "must be one of active, disabled" }]
      : [],

  async create(inputs, { signal }) {
    return { id: inputs.zoneId, outputs: await patch(inputs, toApi(pick(inputs, SENT)), signal) };
  },

  async read(id, _state, { signal }) {
    const found = await api().find({ method: "GET", path: path(id), signal });
    return found && { id, outputs: { ...fromApi<Inputs>(found), zoneId: id } };
  },

  async update(_id, state, news, { signal }) {
    const changed = SENT.filter((name) => news[name] !== state[name]);
    return patch(news, toApi(pick(news, changed)), signal);
  },

  async delete(id, _state, { signal }) {
    await api().result({ method: "PATCH", path: path(id), body: { status: "disabled" }, signal });
    await api().result({ method: "DELETE", path: path(id), signal });
  },
};

async function patch(inputs: Inputs, body: Json, signal: AbortSignal): Promise<Inputs> {
  const answer = await api().result({ method: "PATCH", path: path(inputs.zoneId), body, signal });
  const computed = Object.entries(fromApi<Json>(answer)).filter(
    ([name]) => name in (ZONE_DNSSEC.outputs ?? {}),
  );
  return { ...Object.fromEntries(computed), ...inputs };
}
