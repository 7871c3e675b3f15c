import type { FastifyRequest } from "fastify";
import type { CloudflareDeps } from "./deps";
import { edgeHealthchecks, edgeTurnstile, edgeZones } from "./edge-zones";
import { fault, noRoute } from "./envelope";
import type { Zone } from "./state";

export interface ZoneRequest {
  Params: { zone: string };
  Querystring: Record<string, string | string[] | undefined>;
}

const ID = /^[0-9a-f]{32}$/;

/** Whether it is an identifier at all; where it is none, no route is found. */
export function assertId(id: string, request: FastifyRequest): void {
  if (!ID.test(id)) throw noRoute(pathOf(request));
}

/** The path of a request without its query. */
export function pathOf(request: FastifyRequest): string {
  return request.url.split("?")[0] ?? "";
}

export function findZone(deps: CloudflareDeps, request: FastifyRequest): Zone {
  const { zone: id } = request.params as { zone: string };
  assertId(id, request);
  const zone = deps.store.state.zones.find((one) => one.id === id);
  if (!zone) throw fault(404, 1001, "Invalid zone identifier");
  return zone;
}

/** Says what the edge has to know. */
export function tellEdge({ store, onChange }: Pick<CloudflareDeps, "store" | "onChange">): void {
  onChange(edgeZones(store.state), edgeTurnstile(store.state), edgeHealthchecks(store.state));
}

/** Keeps a change and tells the edge. */
export function changed(deps: CloudflareDeps, zone?: Zone): void {
  if (zone) zone.modified_on = new Date().toISOString();
  deps.store.save();
  tellEdge(deps);
}
