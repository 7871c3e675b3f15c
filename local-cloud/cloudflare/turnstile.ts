import { randomBytes } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { assertAccount, bodyAs } from "./account-access";
import type { CloudflareDeps } from "./deps";
import { fault, ok } from "./envelope";
import { page, type Query } from "./query";
import { changed } from "./zone-access";

/** A widget as the API answers it, and the secret that a rotation left behind. */
export interface TurnstileWidget {
  readonly sitekey: string;
  readonly secret: string;
  readonly name: string;
  readonly domains: readonly string[];
  readonly mode: string;
  readonly region: string;
  readonly bot_fight_mode: boolean;
  readonly ephemeral_id: boolean;
  readonly offlabel: boolean;
  readonly clearance_level: string;
  readonly created_on: string;
  readonly modified_on: string;
  /** Good until then, in milliseconds since 1970. */
  readonly before?: { readonly secret: string; readonly until: number };
}

const ROOT = "/accounts/:account/challenges/widgets";
const PAGES = { perPage: 25, min: 5, max: 1000 };
const BAD_REQUEST = 10_400;
const GRACE = 2 * 60 * 60 * 1000; // ms that a rotated secret stays good, as documented
const MOST_WIDGETS = 20; // Free plan

const HOST = /^(?=.{1,253}$)[A-Za-z0-9.:-]+$/;
const domains = z.array(z.string().regex(HOST, "must be hostnames or addresses")).max(10);
const widget = z.strictObject({
  name: z.string().min(1).max(254),
  domains,
  mode: z.enum(["non-interactive", "invisible", "managed"]),
  region: z.literal("world").default("world"),
  bot_fight_mode: z.literal(false, "must be false: an Enterprise plan is required").default(false),
  ephemeral_id: z.literal(false, "must be false: an Enterprise plan is required").default(false),
  offlabel: z.literal(false, "must be false: an Enterprise plan is required").default(false),
  clearance_level: z.enum(["no_clearance", "jschallenge", "managed", "interactive"]).default("no_clearance"),
});

/** `/accounts/{account_id}/challenges/widgets`. */
export function turnstileRoutes(app: FastifyInstance, deps: CloudflareDeps): void {
  const { state } = deps.store;
  const find = (request: FastifyRequest): TurnstileWidget => {
    assertAccount(deps, request);
    const { sitekey } = request.params as { sitekey: string };
    const found = state.widgets.find((one) => one.sitekey === sitekey);
    if (!found) throw fault(404, 10_404, "Not found");
    return found;
  };
  const keep = (next: TurnstileWidget): object => {
    state.widgets = [...state.widgets.filter(({ sitekey }) => sitekey !== next.sitekey), next];
    changed(deps);
    return ok(answer(next));
  };

  app.get<{ Querystring: Query }>(ROOT, async (request) => {
    assertAccount(deps, request);
    return page(
      state.widgets.map((one) => ({ ...answer(one), secret: undefined })),
      request.query,
      PAGES,
    );
  });
  app.post(ROOT, async (request) => {
    assertAccount(deps, request);
    const body = bodyAs(widget, request, BAD_REQUEST);
    if (state.widgets.length >= MOST_WIDGETS)
      throw fault(400, 10_401, `at most ${MOST_WIDGETS} widgets are allowed`);
    const now = new Date().toISOString();
    return keep({ ...body, sitekey: key(9), secret: key(13), created_on: now, modified_on: now });
  });
  app.get(`${ROOT}/:sitekey`, async (request) => ok(answer(find(request))));
  app.put(`${ROOT}/:sitekey`, async (request) => {
    const found = find(request);
    return keep({ ...found, ...bodyAs(widget, request, BAD_REQUEST), modified_on: new Date().toISOString() });
  });
  app.delete(`${ROOT}/:sitekey`, async (request) => {
    const found = find(request);
    state.widgets = state.widgets.filter((one) => one !== found);
    changed(deps);
    return ok(answer(found));
  });
  app.post(`${ROOT}/:sitekey/rotate_secret`, async (request) => {
    const { before: _, ...found } = find(request);
    const rotation = z.strictObject({ invalidate_immediately: z.boolean().default(false) });
    const { invalidate_immediately: atOnce } = bodyAs(rotation, request, BAD_REQUEST);
    const before = atOnce ? {} : { before: { secret: found.secret, until: Date.now() + GRACE } };
    return keep({ ...found, ...before, secret: key(13), modified_on: new Date().toISOString() });
  });
}

function key(bytes: number): string {
  return `0x4AAAAAAA${randomBytes(bytes).toString("base64url")}`;
}

function answer({ before: _, ...widget }: TurnstileWidget): Omit<TurnstileWidget, "before"> {
  return widget;
}
