import type { FunctionType } from "../lib";
import type { Json } from "./client";
import * as tables from "./edge-tables";
import { fromApi, pick, toApi } from "./names";
import { owned } from "./owned";
import { api } from "./provider-config";
import { RULE } from "./ruleset-table";

/** Rules without `enabled` are on, and without a description have an empty one, as the published schema says. */
const rules = owned({
  schema: tables.RULESET,
  path: "rulesets",
  defaults: { description: "", rules: [] },
  state: (answer) => {
    const known = Object.keys(RULE);
    const all = ((answer.rules ?? []) as Json[]).map((rule) => pick(fromApi<Json>(rule), known));
    return { ...fromApi<Json>(answer), rules: all };
  },
});

export const ruleset: typeof rules = {
  ...rules,
  check: ({ accountId, zoneId }) =>
    (accountId === undefined) === (zoneId === undefined)
      ? [{ property: "zoneId", reason: "exactly one of accountId and zoneId must be set" }]
      : [],
};

export const turnstileWidget = owned({
  schema: tables.TURNSTILE_WIDGET,
  path: "challenges/widgets",
  id: "sitekey",
  defaults: { region: "world" },
  unsent: ["direction", "filter", "order", "page", "perPage"],
});

export const healthcheck = owned({
  schema: tables.HEALTHCHECK,
  path: "healthchecks",
  defaults: {
    ...{ description: "", consecutiveFails: 1, consecutiveSuccesses: 1, interval: 60 },
    ...{ retries: 2, suspended: false, timeout: 5, type: "HTTP" },
  },
  body: (inputs) => withHeader(toApi(inputs), "http_config", (inputs.httpConfig as Json | undefined)?.header),
  state: (answer) =>
    withHeader(fromApi<Json>(answer), "httpConfig", (answer.http_config as Json | undefined)?.header),
});

/** The names of headers are values: they are never respelt. */
function withHeader(object: Json, config: string, header: unknown): Json {
  if (header === undefined || header === null) return object;
  return { ...object, [config]: { ...(object[config] as Json), header } };
}

const API_NAMES = Object.fromEntries(Object.entries(tables.POLICY_LISTS).map(([api, ours]) => [ours, api]));

function renamed(lists: unknown, names: Readonly<Record<string, string>>): Json {
  return Object.fromEntries(
    Object.entries((lists ?? {}) as Json).map(([name, list]) => [names[name] ?? name, list]),
  );
}

export const notificationPolicy = owned({
  schema: tables.NOTIFICATION_POLICY,
  path: "alerting/v3/policies",
  defaults: { enabled: true },
  answersId: true,
  body: ({ mechanisms, filters, ...rest }) => ({
    ...toApi(rest),
    mechanisms: renamed(mechanisms, API_NAMES),
    ...(filters ? { filters: renamed(filters, API_NAMES) } : {}),
  }),
  state: ({ mechanisms, filters, ...rest }) => ({
    ...fromApi<Json>(rest),
    mechanisms: renamed(mechanisms, tables.POLICY_LISTS),
    ...(filters ? { filters: renamed(filters, tables.POLICY_LISTS) } : {}),
  }),
});

export const notificationPolicyWebhooks = owned({
  schema: tables.NOTIFICATION_POLICY_WEBHOOKS,
  path: "alerting/v3/destinations/webhooks",
  answersId: true,
});

export const getRulesets: FunctionType<{ accountId?: string; maxItems?: number; zoneId?: string }, Json> = {
  schema: tables.GET_RULESETS,
  async invoke({ maxItems = 1000, ...owner }, { signal }) {
    const at = owner.accountId ? `accounts/${owner.accountId}` : `zones/${owner.zoneId ?? ""}`;
    const found = await api().list({ method: "GET", path: `${at}/rulesets`, signal }, maxItems);
    const results = found.map((one) => fromApi<Json>(one));
    return { ...owner, maxItems, results, rulesets: results };
  },
};
