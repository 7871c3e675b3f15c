import type { PropertyTable, ResourceSchema } from "../lib";
import { RULE } from "./ruleset-table";

const string = { type: "string" } as const;
const number = { type: "number" } as const;
const boolean = { type: "boolean" } as const;
const strings = { type: { list: "string" } } as const;
const needed = { type: "string", required: true } as const;
const fixed = { type: "string", required: true, replaces: true } as const;

export const RULESET: ResourceSchema = {
  inputs: {
    accountId: { ...string, replaces: true },
    description: string,
    kind: fixed,
    name: fixed,
    phase: fixed,
    rules: { type: { list: { object: RULE } } },
    zoneId: { ...string, replaces: true },
  },
  outputs: { lastUpdated: string, version: string },
};

const rulesets: PropertyTable = { accountId: string, maxItems: number, zoneId: string };

export const GET_RULESETS: ResourceSchema = {
  inputs: rulesets,
  outputs: { results: { type: { list: "any" } }, rulesets: { type: { list: "any" } } },
};

export const TURNSTILE_WIDGET: ResourceSchema = {
  inputs: {
    accountId: fixed,
    botFightMode: boolean,
    clearanceLevel: string,
    direction: string,
    domains: { ...strings, required: true },
    ephemeralId: boolean,
    filter: string,
    mode: needed,
    name: needed,
    offlabel: boolean,
    order: string,
    page: number,
    perPage: number,
    region: string,
  },
  outputs: {
    createdOn: string,
    deployedVia: string,
    lastModifiedVia: string,
    modifiedOn: string,
    secret: { ...string, secret: true },
    sitekey: string,
  },
};

const httpConfig: PropertyTable = {
  allowInsecure: boolean,
  expectedBody: string,
  expectedCodes: strings,
  followRedirects: boolean,
  header: { type: { map: { list: "string" } } },
  method: string,
  path: string,
  port: number,
};

export const HEALTHCHECK: ResourceSchema = {
  inputs: {
    address: needed,
    checkRegions: strings,
    consecutiveFails: number,
    consecutiveSuccesses: number,
    description: string,
    httpConfig: { type: { object: httpConfig } },
    interval: number,
    name: needed,
    retries: number,
    suspended: boolean,
    tcpConfig: { type: { object: { method: string, port: number } } },
    timeout: number,
    type: string,
    zoneId: fixed,
  },
  outputs: { createdOn: string, failureReason: string, modifiedOn: string, status: string },
};

/** Lists in a policy: what the API calls them -> what the published package does. */
export const POLICY_LISTS = Object.fromEntries(
  (
    "email pagerduty webhooks actions affected_asns affected_components affected_locations airport_code " +
    "alert_trigger_preferences alert_trigger_preferences_value enabled environment event event_source event_type " +
    "group_by health_check_id incident_impact input_id insight_class limit logo_tag megabits_per_second new_health " +
    "new_status packets_per_second pool_id pop_names product project_id protocol query_tag requests_per_second " +
    "selectors services slo status target_hostname target_ip target_zone_name token_id traffic_exclusions tunnel_id " +
    "tunnel_name type where zones"
  )
    .split(" ")
    .map((name) => [name, plural(name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()))]),
);

function plural(name: string): string {
  if (/(status|ss)$/i.test(name)) return `${name}es`;
  if (name.endsWith("y")) return `${name.slice(0, -1)}ies`;
  return name.endsWith("s") ? name : `${name}s`;
}

const destinations = { type: { list: { object: { id: string } } } } as const;
const MECHANISMS = { emails: destinations, pagerduties: destinations, webhooks: destinations };
const FILTERS = Object.values(POLICY_LISTS).filter((name) => !(name in MECHANISMS));

export const NOTIFICATION_POLICY: ResourceSchema = {
  inputs: {
    accountId: fixed,
    alertInterval: string,
    alertType: needed,
    description: string,
    enabled: boolean,
    filters: { type: { object: Object.fromEntries(FILTERS.map((name) => [name, strings])) } },
    mechanisms: { type: { object: MECHANISMS }, required: true },
    name: needed,
  },
  outputs: { created: string, modified: string },
};

export const NOTIFICATION_POLICY_WEBHOOKS: ResourceSchema = {
  inputs: { accountId: fixed, name: needed, secret: { ...string, secret: true }, url: needed },
  outputs: { createdAt: string, lastFailure: string, lastSuccess: string, type: string },
};
