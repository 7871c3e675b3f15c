import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { assertAccount, bodyAs } from "./account-access";
import type { CloudflareDeps } from "./deps";
import { fault, newId, ok } from "./envelope";
import { deliver } from "./notifications";
import { notEntitled, planOf } from "./plans";
import { page, type Query } from "./query";

const ROOT = "/accounts/:account/alerting/v3";
const POLICIES = `${ROOT}/policies`;
const WEBHOOKS = `${ROOT}/destinations/webhooks`;
const PAGES = { perPage: 25, min: 1, max: 1000 };
const INVALID = 17_103;
const TEST_MESSAGE = "This is a test message. If you can see it, the webhook is configured properly.";

const ids = z.array(z.strictObject({ id: z.string().min(1) }));
const policy = z.strictObject({
  name: z.string().min(1),
  description: z.string().optional(),
  alert_type: z.literal("health_check_status_notification", "is not known to this cloud"),
  alert_interval: z.string().optional(),
  enabled: z.boolean(),
  mechanisms: z
    .strictObject({ email: ids.optional(), webhooks: ids.optional() })
    .refine((given) => Object.values(given).some((list) => list.length > 0), "must name a destination"),
  filters: z
    .strictObject({
      health_check_id: z.array(z.string()).optional(),
      status: z.array(z.enum(["Healthy", "Unhealthy"])).optional(),
    })
    .optional(),
});
const webhook = z.strictObject({
  name: z.string().min(1),
  url: z.url({ protocol: /^https?$/ }),
  secret: z.string().optional(),
});

/** A notification policy as the API answers it. */
export interface Policy extends z.infer<typeof policy> {
  readonly id: string;
  readonly created: string;
  readonly modified: string;
}

/** A webhook with what no answer shows: its secret. */
export interface Webhook extends z.infer<typeof webhook> {
  readonly id: string;
  readonly type: "slack" | "generic" | "gchat";
  readonly created_at: string;
  last_success: string | null;
  last_failure: string | null;
}

/** A notification that was sent. */
export interface Sent {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly alert_type: string;
  readonly alert_body: string;
  readonly mechanism: string;
  readonly mechanism_type: "email" | "webhook";
  readonly policy_id: string;
  readonly sent: string;
}

/** `/accounts/{account_id}/alerting/v3`: policies, webhooks as destinations, and what was sent. */
export function alertingRoutes(app: FastifyInstance, deps: CloudflareDeps): void {
  policyRoutes(app, deps);
  webhookRoutes(app, deps);
  app.get<{ Querystring: Query }>(`${ROOT}/history`, async (request) => {
    assertAccount(deps, request);
    return page([...deps.store.state.sent].reverse(), request.query, PAGES);
  });
}

function policyRoutes(app: FastifyInstance, deps: CloudflareDeps): void {
  const { state } = deps.store;
  const find = (request: FastifyRequest): Policy => findIn(deps, state.policies, request);
  const keep = (next: Policy): object => {
    state.policies = [...state.policies.filter(({ id }) => id !== next.id), next];
    deps.store.save();
    return ok({ id: next.id });
  };
  const checked = (request: FastifyRequest): z.infer<typeof policy> => {
    assertAccount(deps, request);
    const given = bodyAs(policy, request, INVALID);
    const unknown = given.mechanisms.webhooks?.find(({ id }) => !state.webhooks.some((one) => one.id === id));
    if (unknown) throw fault(400, INVALID, "mechanisms.webhooks: there is no such destination");
    return given;
  };

  app.get(POLICIES, async (request) => {
    assertAccount(deps, request);
    return ok(state.policies);
  });
  app.post(POLICIES, async (request) => {
    const now = new Date().toISOString();
    return keep({ ...checked(request), id: newId(), created: now, modified: now });
  });
  app.get(`${POLICIES}/:id`, async (request) => ok(find(request)));
  app.put(`${POLICIES}/:id`, async (request) => {
    const { id, created } = find(request);
    return keep({ ...checked(request), id, created, modified: new Date().toISOString() });
  });
  app.delete(`${POLICIES}/:id`, async (request) => {
    const found = find(request);
    state.policies = state.policies.filter((one) => one !== found);
    deps.store.save();
    return ok({ id: found.id });
  });
}

function webhookRoutes(app: FastifyInstance, deps: CloudflareDeps): void {
  const { state } = deps.store;
  const find = (request: FastifyRequest): Webhook => findIn(deps, state.webhooks, request);
  const keep = async (next: Webhook): Promise<object> => {
    await deliver(deps, next, { text: TEST_MESSAGE });
    state.webhooks = [...state.webhooks.filter(({ id }) => id !== next.id), next];
    deps.store.save();
    return ok({ id: next.id });
  };

  app.get(WEBHOOKS, async (request) => {
    assertAccount(deps, request);
    return ok(state.webhooks.map(withoutSecret));
  });
  app.post(WEBHOOKS, async (request, reply) => {
    assertAccount(deps, request);
    const given = bodyAs(webhook, request, INVALID);
    if (!state.zones.some((zone) => planOf(zone).webhooks))
      throw notEntitled(17_106, "webhooks need a zone on a Pro plan or above");
    const created_at = new Date().toISOString();
    void reply.status(201);
    return keep({
      ...given,
      ...{ id: newId(), type: typeOf(given.url), created_at, last_success: null, last_failure: null },
    });
  });
  app.get(`${WEBHOOKS}/:id`, async (request) => ok(withoutSecret(find(request))));
  app.put(`${WEBHOOKS}/:id`, async (request) => {
    const found = find(request);
    const given = bodyAs(webhook, request, INVALID);
    return keep({ ...found, ...given, type: typeOf(given.url) });
  });
  app.delete(`${WEBHOOKS}/:id`, async (request) => {
    const found = find(request);
    if (state.policies.some(({ mechanisms }) => mechanisms.webhooks?.some(({ id }) => id === found.id)))
      throw fault(400, 17_107, "the webhook is a destination of a notification policy");
    state.webhooks = state.webhooks.filter((one) => one !== found);
    deps.store.save();
    return ok({ id: found.id });
  });
}

function findIn<T extends { readonly id: string }>(
  deps: CloudflareDeps,
  all: readonly T[],
  request: FastifyRequest,
): T {
  assertAccount(deps, request);
  const { id } = request.params as { id: string };
  const found = all.find((one) => one.id === id);
  if (!found) throw fault(404, 17_104, "not found");
  return found;
}

function typeOf(url: string): Webhook["type"] {
  const { hostname } = new URL(url);
  if (hostname === "hooks.slack.com") return "slack";
  return hostname === "chat.googleapis.com" ? "gchat" : "generic";
}

function withoutSecret({ secret: _, ...rest }: Webhook): object {
  return rest;
}
