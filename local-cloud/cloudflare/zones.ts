import type { FastifyInstance } from "fastify";
import type { CloudflareDeps } from "./deps";
import { renewCertificates as issueCertificates } from "./edge-zones";
import { fault, newId, ok } from "./envelope";
import { planOf } from "./plans";
import { matching, operatorTest, ordered, page, param, type Query, type Test } from "./query";
import type { State, Zone } from "./state";
import { changed, findZone, type ZoneRequest } from "./zone-access";

const NAME = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/;
/** The reference says at least 5; certbot asks for 1, and is answered. */
const PAGES = { perPage: 20, min: 1, max: 50 };
const NAME_SERVERS = ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"];
const PERMISSIONS = [
  "#dns_records:edit",
  "#dns_records:read",
  "#ssl:edit",
  "#ssl:read",
  "#zone:edit",
  "#zone:read",
  "#zone_settings:edit",
  "#zone_settings:read",
];

/** A zone without records and with every setting at its first value. */
export function addZone(name: string, status: Zone["status"]): Zone {
  const now = new Date().toISOString();
  return {
    id: newId(),
    name,
    status,
    paused: false,
    type: "full",
    vanity_name_servers: [],
    created_on: now,
    modified_on: now,
    activated_on: status === "active" ? now : null,
    settings: {},
    records: [],
    dnssec: {
      status: "disabled",
      modified_on: null,
      dnssec_multi_signer: false,
      dnssec_presigned: false,
      dnssec_use_nsec3: false,
    },
  };
}

/** `/zones` and `/zones/{zone_id}`. */
export function zoneRoutes(app: FastifyInstance, deps: CloudflareDeps): void {
  const { state } = deps.store;
  const answer = (zone: Zone): object => zoneAnswer(zone, state);

  app.get<{ Querystring: Query }>("/zones", async ({ query }) => {
    const found = matching(state.zones, zoneTests(query, state), query);
    const sorted = ordered(found, query, (zone, by) => zone[by as "name" | "status"]);
    return page(sorted.map(answer), query, PAGES);
  });

  app.post("/zones", async (request) => {
    const body = (request.body ?? {}) as { name?: unknown; account?: { id?: unknown }; type?: unknown };
    const zone = addZone(newName(body.name, state), "pending");
    if (body.account?.id !== undefined && body.account.id !== state.account.id) {
      throw fault(403, 1068, "Permission denied");
    }
    zone.type = zoneType(body.type);
    await issueCertificates(deps.localCa, [zone]);
    state.zones.push(zone);
    changed(deps);
    return ok(answer(zone));
  });

  app.get<ZoneRequest>("/zones/:zone", async (request) => ok(answer(findZone(deps, request))));

  app.patch<ZoneRequest>("/zones/:zone", async (request) => {
    const zone = findZone(deps, request);
    edit(zone, request.body ?? {});
    changed(deps, zone);
    return ok(answer(zone));
  });

  // Real zones wait for the registrar; here asking is enough, as no registrar exists.
  app.put<ZoneRequest>("/zones/:zone/activation_check", async (request) => {
    const zone = findZone(deps, request);
    zone.activated_on ??= new Date().toISOString();
    zone.status = "active";
    changed(deps, zone);
    return ok({ id: zone.id });
  });

  app.delete<ZoneRequest>("/zones/:zone", async (request) => {
    const zone = findZone(deps, request);
    state.zones = state.zones.filter((one) => one !== zone);
    changed(deps);
    return ok({ id: zone.id });
  });
}

interface ZoneChange {
  readonly paused?: unknown;
  readonly type?: unknown;
  readonly vanity_name_servers?: unknown;
}

function edit(
  zone: Zone,
  { paused = zone.paused, type = zone.type, vanity_name_servers: servers }: ZoneChange,
): void {
  if (typeof paused !== "boolean") {
    throw fault(400, 1012, "Request must contain one of paused, plan or vanity_name_servers");
  }
  zone.type = zoneType(type);
  zone.paused = paused;
  if (Array.isArray(servers)) zone.vanity_name_servers = servers.map(String);
}

/** `/accounts` and `/user/tokens/verify`. */
export function accountRoutes(app: FastifyInstance, deps: CloudflareDeps): void {
  const { account } = deps.store.state;
  const answer = {
    id: account.id,
    name: account.name,
    type: "standard",
    settings: { enforce_twofactor: false, api_access_enabled: null, abuse_contact_email: null },
    created_on: account.created_on,
  };

  app.get<{ Querystring: Query }>("/accounts", async ({ query }) => {
    const name = param(query, "name");
    return page(
      [answer].filter((one) => name === undefined || one.name === name),
      query,
      PAGES,
    );
  });

  app.get<{ Params: { account: string } }>("/accounts/:account", async ({ params }) => {
    if (params.account !== account.id) throw fault(403, 9109, "Invalid account identifier");
    return ok(answer);
  });

  app.get("/user/tokens/verify", async () =>
    ok({ id: account.id, status: "active" }, [
      { code: 10000, message: "This API Token is valid and active" },
    ]),
  );
}

function zoneTests(query: Query, state: State): Test<Zone>[] {
  const values: Record<string, (zone: Zone) => string> = {
    name: (zone) => zone.name,
    status: (zone) => zone.status,
    type: (zone) => zone.type,
    "account.id": () => state.account.id,
    "account.name": () => state.account.name,
  };
  return Object.entries(values).flatMap(([key, value]) => {
    const wanted = param(query, key);
    if (wanted === undefined) return [];
    const test = operatorTest(wanted);
    return [(zone: Zone) => test(value(zone))];
  });
}

function newName(given: unknown, state: State): string {
  const name = typeof given === "string" ? given.toLowerCase() : "";
  if (!NAME.test(name))
    throw fault(400, 1097, "Please ensure you are providing a root domain and not any subdomains");
  if (state.zones.some((zone) => zone.name === name)) throw fault(400, 1061, `${name} already exists`);
  return name;
}

function zoneType(given: unknown): string {
  const type = given ?? "full";
  if (type === "full" || type === "partial" || type === "secondary" || type === "internal") return type;
  throw fault(400, 1099, "Invalid zone type");
}

function zoneAnswer(zone: Zone, state: State): object {
  const { account } = state;
  return {
    id: zone.id,
    name: zone.name,
    status: zone.status,
    paused: zone.paused,
    type: zone.type,
    development_mode: 0,
    name_servers: NAME_SERVERS,
    original_name_servers: null,
    original_registrar: null,
    original_dnshost: null,
    modified_on: zone.modified_on,
    created_on: zone.created_on,
    activated_on: zone.activated_on,
    vanity_name_servers: zone.vanity_name_servers,
    meta: {
      step: zone.status === "active" ? 2 : 1,
      custom_certificate_quota: 0,
      page_rule_quota: 3,
      phishing_detected: false,
    },
    owner: { id: null, type: "user", email: null },
    account: { id: account.id, name: account.name },
    tenant: { id: null, name: null },
    tenant_unit: { id: null },
    permissions: PERMISSIONS,
    plan: {
      id: "0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee",
      name: planOf(zone).title,
      price: 0,
      currency: "USD",
      frequency: "",
      is_subscribed: false,
      can_subscribe: false,
      legacy_id: zone.plan ?? "free",
      legacy_discount: false,
      externally_managed: false,
    },
  };
}
