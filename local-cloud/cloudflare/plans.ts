import type { FastifyInstance } from "fastify";
import type { CloudflareDeps } from "./deps";
import { CloudflareError, fault, ok } from "./envelope";
import type { Zone } from "./state";
import { changed, findZone, type ZoneRequest } from "./zone-access";

export const PLAN_NAMES = ["free", "pro", "business", "enterprise"] as const;
export type PlanName = (typeof PLAN_NAMES)[number];

/** What a plan allows, as Cloudflare's documents have it. */
export interface Plan {
  readonly title: string;
  /** Rules in each phase. */
  readonly rules: Readonly<Record<string, number>>;
  /** Regular expressions in rules. */
  readonly regex: boolean;
  /** Seconds; whole list. */
  readonly ratePeriods: readonly number[];
  /** Seconds; whole list. */
  readonly rateTimeouts: readonly number[];
  /** Fields in the expressions of rate limits; undefined is every field. */
  readonly rateFields: readonly string[] | undefined;
  readonly countingExpression: boolean;
  readonly healthchecks: number;
  /** Seconds, the shortest. */
  readonly healthcheckInterval: number;
  /** Webhooks as destinations of notifications. */
  readonly webhooks: boolean;
}

const PATH = ["http.request.uri.path"];
const URI = [...PATH, "http.host", "http.request.uri", "http.request.full_uri", "http.request.uri.query"];
const MORE = [...URI, "http.request.method", "ip.src", "http.user_agent"];

function rules(custom: number, limits: number, redirects: number): Plan["rules"] {
  return {
    http_request_firewall_custom: custom,
    http_ratelimit: limits,
    http_request_dynamic_redirect: redirects,
  };
}

export const PLANS: Readonly<Record<PlanName, Plan>> = {
  free: {
    title: "Free Website",
    rules: rules(5, 1, 10),
    regex: false,
    ratePeriods: [10],
    rateTimeouts: [10],
    rateFields: PATH,
    countingExpression: false,
    healthchecks: 0,
    healthcheckInterval: 60,
    webhooks: false,
  },
  pro: {
    title: "Pro Website",
    rules: rules(20, 2, 25),
    regex: false,
    ratePeriods: [10, 60],
    rateTimeouts: [10, 60, 120, 300, 600, 3600],
    rateFields: URI,
    countingExpression: false,
    healthchecks: 10,
    healthcheckInterval: 60,
    webhooks: true,
  },
  business: {
    title: "Business Website",
    rules: rules(100, 5, 50),
    regex: true,
    ratePeriods: [10, 60, 120, 300, 600],
    rateTimeouts: [10, 60, 120, 300, 600, 3600, 86_400],
    rateFields: MORE,
    countingExpression: true,
    healthchecks: 50,
    healthcheckInterval: 15,
    webhooks: true,
  },
  enterprise: {
    title: "Enterprise Website",
    rules: rules(1000, 100, 300),
    regex: true,
    ratePeriods: [10, 60, 120, 300, 600, 3600],
    rateTimeouts: [0, 10, 60, 120, 300, 600, 3600, 86_400],
    rateFields: undefined,
    countingExpression: true,
    healthchecks: 1000,
    healthcheckInterval: 10,
    webhooks: true,
  },
};

export function planOf(zone: Zone): Plan {
  return PLANS[zone.plan ?? "free"];
}

/** `/zones/{zone_id}/subscription`: which plan a zone is on. */
export function planRoutes(app: FastifyInstance, deps: CloudflareDeps): void {
  const path = "/zones/:zone/subscription";
  app.get<ZoneRequest>(path, async (request) => ok(subscription(findZone(deps, request))));
  for (const method of ["POST", "PUT"] as const) {
    app.route<ZoneRequest>({
      method,
      url: path,
      handler: async (request) => {
        const zone = findZone(deps, request);
        const wanted = (request.body as { rate_plan?: { id?: unknown } } | undefined)?.rate_plan?.id;
        const name = PLAN_NAMES.find((one) => one === wanted);
        if (!name) throw fault(400, 1203, "Rate plan not found");
        zone.plan = name;
        changed(deps, zone);
        return ok(subscription(zone));
      },
    });
  }
}

function subscription(zone: Zone): object {
  const id = zone.plan ?? "free";
  const rate_plan = {
    id,
    public_name: PLANS[id].title,
    currency: "USD",
    scope: "zone",
    sets: [],
    is_contract: false,
  };
  return {
    id: zone.id,
    state: "Paid",
    price: 0,
    currency: "USD",
    frequency: "monthly",
    rate_plan,
    component_values: [],
  };
}

/** What an answer says that is refused for the plan's sake. */
export function notEntitled(code: number, message: string, pointer?: string): CloudflareError {
  return new CloudflareError(400, {
    code,
    message,
    ...(pointer === undefined ? {} : { source: { pointer } }),
  });
}
