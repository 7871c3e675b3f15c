import type { FastifyInstance } from "fastify";
import { fault, ok } from "./envelope";
import type { CloudflareDeps } from "./deps";
import { SETTING_RULES } from "./setting-rules";
import type { Zone } from "./state";
import { changed, findZone, type ZoneRequest } from "./zone-access";

type SettingRequest = ZoneRequest & { Params: { setting: string } };

/** `/zones/{zone_id}/settings`. */
export function settingRoutes(app: FastifyInstance, deps: CloudflareDeps): void {
  app.get<ZoneRequest>("/zones/:zone/settings", async (request) => {
    const zone = findZone(deps, request);
    return ok(Object.keys(SETTING_RULES).map((id) => answer(zone, id)));
  });

  app.patch<ZoneRequest>("/zones/:zone/settings", async (request) => {
    const zone = findZone(deps, request);
    const items = (request.body as { items?: unknown } | null)?.items;
    if (!Array.isArray(items)) throw fault(400, 1004, "Missing 'items'");
    const changes = items.map((item: { id?: unknown } | null) => ({
      id: String(item?.id),
      value: checked(String(item?.id), item),
    }));
    for (const { id, value } of changes) set(zone, id, value);
    changed(deps, zone);
    return ok(changes.map(({ id }) => answer(zone, id)));
  });

  app.get<SettingRequest>("/zones/:zone/settings/:setting", async (request) => {
    const zone = findZone(deps, request);
    known(request.params.setting);
    return ok(answer(zone, request.params.setting));
  });

  app.patch<SettingRequest>("/zones/:zone/settings/:setting", async (request) => {
    const zone = findZone(deps, request);
    const { setting } = request.params;
    set(zone, setting, checked(setting, request.body));
    changed(deps, zone);
    return ok(answer(zone, setting));
  });
}

function known(id: string): void {
  if (!(id in SETTING_RULES)) throw fault(400, 1006, `Unrecognized zone setting name: ${id}`);
}

function checked(id: string, body: unknown): unknown {
  known(id);
  const rule = SETTING_RULES[id];
  const value = (body as { value?: unknown } | null)?.value;
  if (!rule?.editable) throw fault(400, 1015, `Not allowed to edit setting for ${id}`);
  if (value === undefined || !rule.accepts(value))
    throw fault(400, 1007, `Invalid value for zone setting ${id}`);
  return value;
}

function set(zone: Zone, id: string, value: unknown): void {
  const initial = SETTING_RULES[id]?.initial;
  const whole = id === "security_header" ? withHsts(zone.settings[id]?.value ?? initial, value) : value;
  zone.settings[id] = { value: whole, modified_on: new Date().toISOString() };
}

// Members of the header that a request leaves out stay as they are.
function withHsts(old: unknown, value: unknown): unknown {
  const of = (header: unknown): object =>
    (header as { strict_transport_security: object }).strict_transport_security;
  return { strict_transport_security: { ...of(old), ...of(value) } };
}

function answer(zone: Zone, id: string): object {
  const rule = SETTING_RULES[id];
  const set = zone.settings[id];
  const common = {
    id,
    value: set?.value ?? rule?.initial,
    modified_on: set?.modified_on ?? null,
    editable: rule?.editable,
  };
  return id === "development_mode" ? { ...common, time_remaining: 0 } : common;
}
