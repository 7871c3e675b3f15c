import type { ResourceSchema, ResourceType } from "../lib";
import type { Json } from "./client";
import { fromApi, toApi } from "./names";
import { api } from "./provider-config";

/** How a resource that lives below an account or a zone is called. */
export interface Owned {
  readonly schema: ResourceSchema;
  /** Below its owner: `challenges/widgets`. */
  readonly path: string;
  /** Inputs that are not left to the API when they are left out, as the published schema has them. */
  readonly defaults?: Json;
  /** The member of an answer that is its id. @default id */
  readonly id?: string;
  /** Inputs and outputs as the API has them, where the names alone don't say it. */
  readonly body?: (inputs: Json) => Json;
  /** The other way round. */
  readonly state?: (answer: Json) => Json;
  /** Creation and update answer the id alone. @default false */
  readonly answersId?: boolean;
  /** Query parameters of lists, which the published type has among its inputs. @default none */
  readonly unsent?: readonly string[];
}

type Inputs = Json & { readonly accountId?: string; readonly zoneId?: string };

const OWNERS = ["accountId", "zoneId"] as const;

/** Created with POST, read with GET, replaced with PUT, removed with DELETE. An import id starts with the owner's. */
export function owned(one: Owned): ResourceType<Inputs, Json> {
  const { schema, id = "id", defaults = {}, body = toApi, state = fromApi<Json> } = one;
  const root = (owner: Inputs): string =>
    owner.accountId ? `accounts/${owner.accountId}/${one.path}` : `zones/${owner.zoneId ?? ""}/${one.path}`;
  const isUnsent = (name: string): boolean =>
    OWNERS.some((owner) => owner === name) || (one.unsent ?? []).includes(name);
  const sent = (inputs: Inputs): Json =>
    body(Object.fromEntries(Object.entries({ ...defaults, ...inputs }).filter(([name]) => !isUnsent(name))));
  const outputs = (inputs: Inputs, answer: Json): Json => planned(defaults, inputs, state(answer));
  const get = (owner: Inputs, key: string, signal: AbortSignal): Promise<Json | undefined> =>
    api().find({ method: "GET", path: `${root(owner)}/${key}`, signal });

  return {
    schema,
    preview: (news) => ({ ...defaults, ...news }),

    async create(inputs, { signal }) {
      const made = await api().result({ method: "POST", path: root(inputs), body: sent(inputs), signal });
      const key = String(made[id]);
      return {
        id: key,
        outputs: outputs(inputs, one.answersId ? ((await get(inputs, key, signal)) ?? {}) : made),
      };
    },

    async read(given, before, { signal }) {
      const parts = given.split("/");
      const key = parts.pop() ?? "";
      const owner = ownerOf(schema, parts, before);
      const found = await get(owner, key, signal);
      return (
        found && { id: key, outputs: { ...writeOnly(schema, before), ...withoutId(state(found)), ...owner } }
      );
    },

    async update(key, _state, news, { signal }) {
      const path = `${root(news)}/${key}`;
      const put = await api().result({ method: "PUT", path, body: sent(news), signal });
      return outputs(news, one.answersId ? ((await get(news, key, signal)) ?? {}) : put);
    },

    async delete(key, before, { signal }) {
      await api().result({ method: "DELETE", path: `${root(before)}/${key}`, signal });
    },
  };
}

/** What was planned stays as it was planned: the answer adds what was left open. */
function planned(defaults: Json, inputs: Inputs, answer: Json): Json {
  return { ...withoutId(answer), ...defaults, ...inputs };
}

/** `OWNER/ID`, and for types of both kinds `zones/OWNER/ID`; a refresh has the state to tell. */
function ownerOf({ inputs }: ResourceSchema, parts: readonly string[], before: Json): Inputs {
  const owner = parts.at(-1);
  if (owner === undefined) {
    const known = OWNERS.filter((name) => before[name] !== undefined).map((name) => [name, before[name]]);
    return Object.fromEntries(known) as Inputs;
  }
  if (parts.length > 1) return parts[0] === "accounts" ? { accountId: owner } : { zoneId: owner };
  return "accountId" in inputs ? { accountId: owner } : { zoneId: owner };
}

/** Secrets that no answer has. */
function writeOnly({ inputs }: ResourceSchema, before: Json): Json {
  return Object.fromEntries(Object.entries(before).filter(([name]) => inputs[name]?.secret === true));
}

function withoutId({ id: _, ...rest }: Json): Json {
  return rest;
}
