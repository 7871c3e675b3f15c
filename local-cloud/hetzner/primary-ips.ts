import { isIPv6 } from "node:net";
import { z } from "zod";
import { actionRoutes } from "./action-routes";
import { allocateIpv4, allocateIpv6, dropReverse, setReverse } from "./addresses";
import { datacenters, locations } from "./catalog";
import { created, noContent, ok, type Context, type Routes } from "./context";
import { invalidField, isProtected, refused } from "./errors";
import * as input from "./input";
import { byId, byIdOrName, list } from "./listing";
import type { PrimaryIp, Server } from "./types";
import { addressOf, primaryIpView } from "./views";

const creation = z.object({
  name: input.name,
  type: z.enum(["ipv4", "ipv6"]),
  assignee_type: z.literal("server").default("server"),
  assignee_id: input.id.nullish(),
  location: input.idOrName.optional(),
  datacenter: input.idOrName.optional(),
  auto_delete: z.boolean().default(false),
  labels: input.labels.default({}),
});
const update = input.renaming.extend({ auto_delete: z.boolean().optional() });
const assignment = z.object({ assignee_type: z.literal("server"), assignee_id: input.id });

export interface NewPrimaryIp {
  readonly name?: string;
  readonly type: "ipv4" | "ipv6";
  readonly location: string;
  readonly auto_delete: boolean;
  readonly labels?: Record<string, string>;
}

/** Makes an address; without a name it gets one from its id, as those that come with a server. */
export function makePrimaryIp(context: Context, wanted: NewPrimaryIp): PrimaryIp {
  const stamp = input.stamp(context.state, context.now);
  const ip: PrimaryIp = {
    ...stamp,
    name: wanted.name ?? `primary_ip-${stamp.id}`,
    labels: wanted.labels ?? {},
    type: wanted.type,
    ip: wanted.type === "ipv4" ? allocateIpv4(context) : allocateIpv6(context),
    location: wanted.location,
    assignee_id: null,
    auto_delete: wanted.auto_delete,
    dns_ptr: [],
    protection: { delete: false },
  };
  if (ip.type === "ipv4") setReverse(context, ip, ip.ip, null);
  context.state.primary_ips.push(ip);
  return ip;
}

/** Gives the address back; its reverse names go too. */
export function removePrimaryIp(context: Context, ip: PrimaryIp): void {
  dropReverse(context, ip);
  input.drop(context.state.primary_ips, ip);
}

function placeOf(wanted: z.infer<typeof creation>, assignee: Server | undefined): string {
  if (assignee) return assignee.location;
  if (wanted.datacenter !== undefined) {
    const found = byIdOrName(datacenters, wanted.datacenter);
    if (found) return found.location.name;
    throw invalidField("datacenter", "datacenter not found");
  }
  if (wanted.location === undefined) throw invalidField("location", "Missing data for required field.");
  const found = byIdOrName(locations, wanted.location);
  if (!found) throw invalidField("location", "location not found");
  return found.name;
}

/** The errors that assigning an address to a server can have. */
function assertAssignable({ state }: Context, server: Server, type: "ipv4" | "ipv6"): void {
  if (server.status !== "off") throw refused("server_not_stopped", "server must be powered off");
  if (addressOf(state, server, type)) {
    throw refused(`server_has_${type}`, `server already has an ${type === "ipv4" ? "IPv4" : "IPv6"} address`);
  }
}

function refs(ip: PrimaryIp, server?: Server | number | null): { id: number; type: string }[] {
  const id = typeof server === "object" ? server?.id : server;
  return [{ id: ip.id, type: "primary_ip" }, ...(id === undefined ? [] : [{ id, type: "server" }])];
}

function move(context: Context, server: number, ip: PrimaryIp, present: boolean): () => Promise<void> {
  return async () => {
    if (ip.type !== "ipv4") return;
    await context.hosts.setAddress(server, present ? ip.ip : null);
    await context.firewalls.apply();
  };
}

/** Whether the address belongs to the block: the address itself, or one of the IPv6 /64. */
function within(ip: PrimaryIp, address: string): boolean {
  if (ip.type === "ipv4") return ip.ip === address;
  return isIPv6(address) && address.toLowerCase().startsWith(ip.ip.replace(/::\/64$/, ":"));
}

/** The reverse-name action of an address, also reached by its server. */
export function changeReverse(
  context: Context,
  ips: PrimaryIp[],
  body: unknown,
  ref: { id: number; type: string },
): unknown {
  const wanted = input.parse(input.dnsPtr, body);
  const ip = ips.find((one) => within(one, wanted.ip));
  if (!ip) throw invalidField("ip", "ip does not belong to the resource");
  setReverse(context, ip, wanted.ip, wanted.dns_ptr ?? null);
  return context.actions.start({ command: "change_dns_ptr", resources: [ref] });
}

export function primaryIpRoutes(context: Context): Routes {
  const { state, actions } = context;
  const ips = state.primary_ips;
  const find = (id = ""): PrimaryIp => byId(ips, id, "primary_ip");
  return {
    ...actionRoutes(context, "primary_ips", "primary_ip", (id) => ips.some((ip) => String(ip.id) === id)),
    "GET /primary_ips": (call) =>
      list(call, "primary_ips", ips, {
        filters: ["name", "ip", "type"],
        sort: ["id", "name", "created"],
        view: primaryIpView,
      }),
    "POST /primary_ips": ({ body }) => {
      const wanted = input.parse(creation, body);
      input.assertUnique(ips, "primary ip", wanted.name);
      const server = wanted.assignee_id ? byId(state.servers, wanted.assignee_id, "server") : undefined;
      if (server) assertAssignable(context, server, wanted.type);
      const ip = makePrimaryIp(context, { ...wanted, location: placeOf(wanted, server) });
      if (!server) return created({ primary_ip: primaryIpView(ip), action: null });
      ip.assignee_id = server.id;
      const work = move(context, server.id, ip, true);
      const action = actions.start({ command: "create_primary_ip", resources: refs(ip, server), work });
      return created({ primary_ip: primaryIpView(ip), action });
    },
    "GET /primary_ips/:id": ({ params }) => ok({ primary_ip: primaryIpView(find(params.id)) }),
    "PUT /primary_ips/:id": ({ params, body }) => {
      const ip = find(params.id);
      const wanted = input.parse(update, body);
      input.rename(ips, ip, "primary ip", body);
      ip.auto_delete = wanted.auto_delete ?? ip.auto_delete;
      return ok({ primary_ip: primaryIpView(ip) });
    },
    "DELETE /primary_ips/:id": ({ params }) => {
      const ip = find(params.id);
      if (ip.protection.delete) throw isProtected("primary ip");
      if (ip.assignee_id !== null)
        throw refused("must_be_unassigned", "primary ip must be unassigned before deletion");
      removePrimaryIp(context, ip);
      return noContent;
    },
    ...primaryIpActions(context),
  };
}

/** `POST /primary_ips/:id/actions/…` */
function primaryIpActions(context: Context): Routes {
  const { state, actions } = context;
  const find = (id = ""): PrimaryIp => byId(state.primary_ips, id, "primary_ip");
  return {
    "POST /primary_ips/:id/actions/assign": ({ params, body }) => {
      const ip = find(params.id);
      const server = byId(state.servers, input.parse(assignment, body).assignee_id, "server");
      if (ip.assignee_id !== null)
        throw refused("primary_ip_already_assigned", "primary ip is already assigned");
      if (ip.location !== server.location)
        throw refused("primary_ip_datacenter_mismatch", "primary ip is in a different location");
      assertAssignable(context, server, ip.type);
      const work = move(context, server.id, ip, true);
      const action = actions.start({
        command: "assign_primary_ip",
        resources: refs(ip, server),
        locks: server,
        work,
      });
      ip.assignee_id = server.id;
      return created({ action });
    },
    "POST /primary_ips/:id/actions/unassign": ({ params }) => {
      const ip = find(params.id);
      const server = state.servers.find((one) => one.id === ip.assignee_id);
      if (!server) throw refused("primary_ip_not_assigned", "primary ip is not assigned");
      if (server.status !== "off") throw refused("server_not_stopped", "server must be powered off");
      const work = move(context, server.id, ip, false);
      const action = actions.start({
        command: "unassign_primary_ip",
        resources: refs(ip, server),
        locks: server,
        work,
      });
      ip.assignee_id = null;
      return created({ action });
    },
    "POST /primary_ips/:id/actions/change_dns_ptr": ({ params, body }) => {
      const ip = find(params.id);
      return created({ action: changeReverse(context, [ip], body, { id: ip.id, type: "primary_ip" }) });
    },
    "POST /primary_ips/:id/actions/change_protection": ({ params, body }) => {
      const ip = find(params.id);
      ip.protection = input.parse(z.object({ delete: z.boolean() }), body);
      return created({ action: actions.start({ command: "change_protection", resources: refs(ip) }) });
    },
  };
}
