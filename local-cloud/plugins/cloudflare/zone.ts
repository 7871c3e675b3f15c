import type { CheckFailure, ResourceType } from "../lib";
import { fromApi, pick, toApi } from "./names";
import { api } from "./provider-config";
import { ZONE } from "./tables";

interface Inputs {
  readonly account: { readonly id?: string };
  readonly name: string;
  readonly paused?: boolean;
  readonly type?: string;
  readonly vanityNameServers?: readonly string[];
}

type State = Inputs & { readonly id?: string; readonly status?: string };

const TYPES = ["full", "partial", "secondary", "internal"];
const DEFAULTS = { paused: false, type: "full" };

export const zone: ResourceType<Inputs, State> = {
  schema: ZONE,
  check: ({ type }): CheckFailure[] =>
    typeof type === "string" && !TYPES.includes(type.toLowerCase())
      ? [{ property: "type", reason: `must be one of ${TYPES.join(", ")}` }]
      : [],
  preview: (news) => ({ ...DEFAULTS, ...news }),

  async create(inputs, { signal }) {
    const body = toApi({ ...DEFAULTS, ...inputs });
    const made = await api().result({ method: "POST", path: "zones", body, signal });
    return { id: String(made.id), outputs: { ...fromApi<State>(made), ...DEFAULTS, ...inputs } };
  },

  async read(id, _state, { signal }) {
    const found = await api().find({ method: "GET", path: `zones/${id}`, signal });
    if (!found) return undefined;
    const state = fromApi<State>(found);
    return { id, outputs: { ...state, account: pick(state.account, ["id"]) } };
  },

  async update(id, state, news, { signal }) {
    const wanted = { ...DEFAULTS, ...news };
    const names = (["paused", "type", "vanityNameServers"] as const).filter(
      (name) => JSON.stringify(wanted[name]) !== JSON.stringify(state[name]),
    );
    const body = toApi(pick(wanted, names));
    const answer = await api().result({ method: "PATCH", path: `zones/${id}`, body, signal });
    return { ...fromApi<State>(answer), ...wanted };
  },

  async delete(id, _state, { signal }) {
    await api().result({ method: "DELETE", path: `zones/${id}`, signal });
  },
};
