import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { bodyAs } from "./account-access";
import type { CloudflareDeps } from "./deps";
import { fault, newId, ok } from "./envelope";
import { notEntitled, planOf } from "./plans";
import { page, type Query } from "./query";
import type { Zone } from "./state";
import { changed, findZone } from "./zone-access";

const ROOT = "/zones/:zone/healthchecks";
const PAGES = { perPage: 25, min: 1, max: 1000 };
const INVALID = 1002;
const REGIONS = "WNAM ENAM WEU EEU NSAM SSAM OC ME NAF SAF IN SEAS NEAS ALL_REGIONS".split(" ");

const port = z.number().int().min(1).max(65_535);
const httpConfig = z.strictObject({
  allow_insecure: z.boolean().default(false),
  expected_body: z.string().default(""),
  expected_codes: z.array(z.string().regex(/^\d(\d\d|xx)$/, "must be like 200 or 2xx")).nullish(),
  follow_redirects: z.boolean().default(false),
  header: z.record(z.string(), z.array(z.string())).nullish(),
  method: z.enum(["GET", "HEAD"]).default("GET"),
  path: z.string().startsWith("/").default("/"),
  port: port.optional(),
});
/** What a check of HTTP is when nothing is said. */
export const ANY_HTTP = httpConfig.parse({});
const tcpConfig = z.strictObject({
  method: z.literal("connection_established").default("connection_established"),
  port: port.default(80),
});
const healthcheck = z.strictObject({
  address: z.string().regex(/^[A-Za-z0-9.:-]{1,253}$/, "must be a hostname or an address"),
  check_regions: z.array(z.enum(REGIONS)).nullish(),
  consecutive_fails: z.number().int().min(1).default(1),
  consecutive_successes: z.number().int().min(1).default(1),
  description: z.string().default(""),
  http_config: httpConfig.nullish(),
  interval: z.number().int().min(1).max(3600).default(60),
  name: z.string().regex(/^[A-Za-z0-9_-]+$/, "must be letters, digits, hyphens and underscores"),
  retries: z.number().int().min(0).max(5).default(2),
  suspended: z.boolean().default(false),
  tcp_config: tcpConfig.nullish(),
  timeout: z.number().int().min(1).max(10).default(5),
  type: z.enum(["HTTP", "HTTPS", "TCP"]).default("HTTP"),
});

/** A health check as the API answers it. */
export interface Healthcheck extends z.infer<typeof healthcheck> {
  readonly id: string;
  readonly status: "unknown" | "healthy" | "unhealthy" | "suspended";
  readonly failure_reason: string;
  readonly created_on: string;
  readonly modified_on: string;
}

/** `/zones/{zone_id}/healthchecks`. The edge does what they say; see `health-status.ts` for what comes of it. */
export function healthcheckRoutes(app: FastifyInstance, deps: CloudflareDeps): void {
  app.get<{ Querystring: Query }>(ROOT, async (request) =>
    page(findZone(deps, request).healthchecks ?? [], request.query, PAGES),
  );
  app.post(ROOT, async (request) => {
    const zone = findZone(deps, request);
    const { healthchecks: most } = planOf(zone);
    if ((zone.healthchecks?.length ?? 0) >= most)
      throw notEntitled(1003, `the zone's plan has ${most} health checks`);
    const now = new Date().toISOString();
    return keep(deps, zone, { ...checked(zone, request), id: newId(), created_on: now, modified_on: now });
  });
  app.get(`${ROOT}/:healthcheck`, async (request) => ok(find(findZone(deps, request), request)));
  for (const method of ["PUT", "PATCH"] as const) {
    app.route({
      method,
      url: `${ROOT}/:healthcheck`,
      handler: async (request) => {
        const zone = findZone(deps, request);
        const { id, created_on, status, failure_reason, modified_on: _, ...rest } = find(zone, request);
        const given = checked(zone, request, method === "PATCH" ? rest : {});
        const now = given.suspended || status === "suspended" ? {} : { status, failure_reason };
        return keep(deps, zone, { ...given, ...now, id, created_on, modified_on: new Date().toISOString() });
      },
    });
  }
  app.delete(`${ROOT}/:healthcheck`, async (request) => {
    const zone = findZone(deps, request);
    const { id } = find(zone, request);
    zone.healthchecks = zone.healthchecks?.filter((one) => one.id !== id);
    changed(deps, zone);
    return ok({ id });
  });
}

function keep(deps: CloudflareDeps, zone: Zone, next: Healthcheck): object {
  zone.healthchecks = [...(zone.healthchecks ?? []).filter(({ id }) => id !== next.id), next];
  changed(deps, zone);
  return ok(next);
}

function find(zone: Zone, request: FastifyRequest): Healthcheck {
  const { healthcheck: id } = request.params as { healthcheck: string };
  const found = zone.healthchecks?.find((one) => one.id === id);
  if (!found) throw fault(404, 1001, "health check not found");
  return found;
}

function checked(
  zone: Zone,
  request: FastifyRequest,
  before: object = {},
): Omit<Healthcheck, "id" | "created_on" | "modified_on"> {
  const whole = { ...request, params: request.params, body: { ...before, ...(request.body as object) } };
  const { http_config: http, tcp_config: tcp, ...given } = bodyAs(healthcheck, whole, INVALID);
  const { healthcheckInterval: shortest } = planOf(zone);
  if (given.interval < shortest)
    throw notEntitled(1003, `interval: the zone's plan has ${shortest} seconds at the shortest`);
  const config =
    given.type === "TCP"
      ? { http_config: null, tcp_config: tcp ?? tcpConfig.parse({}) }
      : { tcp_config: null, http_config: withPort(given.type, http ?? httpConfig.parse({})) };
  return { ...given, ...config, status: given.suspended ? "suspended" : "unknown", failure_reason: "" };
}

function withPort(type: string, http: z.infer<typeof httpConfig>): z.infer<typeof httpConfig> {
  return { expected_codes: ["200"], ...http, port: http.port ?? (type === "HTTPS" ? 443 : 80) };
}
