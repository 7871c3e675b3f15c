import { z } from "zod";
import { actionRoutes } from "./action-routes";
import { locations } from "./catalog";
import { blockOf, contains, ipv4Number, ipv4Text, overlaps } from "./cidr";
import { created, noContent, ok, type Context, type Routes } from "./context";
import { invalidField, isProtected, notFound, refused } from "./errors";
import { canonicalCidr } from "./firewall-rules";
import * as input from "./input";
import { byId, list } from "./listing";
import type { Action, Network, Subnet } from "./types";
import { networkView } from "./views";

const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].map(blockOf);
const ipv4Block = z
  .string()
  .refine(
    (text) => !text.includes(":") && canonicalCidr(text) !== undefined,
    "must be an IPv4 CIDR block without host bits",
  );
const privateBlock = ipv4Block.refine(
  (text) => canonicalCidr(text) === undefined || PRIVATE.some((one) => contains(one, blockOf(text))),
  "must be one of the private IPv4 ranges of RFC 1918",
);
const zones = [...new Set(locations.map((one) => one.network_zone))];
const subnet = z.object({
  type: z.enum(["cloud", "server", "vswitch"]),
  ip_range: ipv4Block.optional(),
  network_zone: z.enum(zones, "network zone not found"),
  vswitch_id: input.id.nullish(),
});
const route = z.object({ destination: ipv4Block, gateway: z.ipv4("must be an IPv4 address") });
const creation = z.object({
  name: input.name,
  ip_range: privateBlock,
  labels: input.labels.default({}),
  subnets: z.array(subnet).default([]),
  routes: z.array(route).default([]),
  expose_routes_to_vswitch: z.boolean().default(false),
});
const update = input.renaming.extend({ expose_routes_to_vswitch: z.boolean().optional() });

/** "If the subnet ip_range is not provided, the first available /24 IP range will be used." */
function firstFree(network: Network): string {
  const whole = blockOf(network.ip_range);
  for (let first = whole.first; first + 255 <= whole.last; first += 256) {
    const block = { first, last: first + 255, bits: 24 };
    if (!network.subnets.some((one) => overlaps(blockOf(one.ip_range), block)))
      return `${ipv4Text(first)}/24`;
  }
  throw refused("no_subnet_available", "no free subnet in the network");
}

function newSubnet(network: Network, wanted: z.infer<typeof subnet>): Subnet {
  const range = wanted.ip_range ?? firstFree(network);
  if (!contains(blockOf(network.ip_range), blockOf(range)))
    throw invalidField("ip_range", "is not within the network");
  if (network.subnets.some((one) => overlaps(blockOf(one.ip_range), blockOf(range)))) {
    throw invalidField("ip_range", "overlaps with another subnet");
  }
  return {
    ...{ type: wanted.type, ip_range: range, network_zone: wanted.network_zone },
    gateway: ipv4Text(blockOf(network.ip_range).first + 1),
    vswitch_id: wanted.vswitch_id ?? null,
  };
}

function start({ actions }: Context, network: Network, command: string): { action: Action } {
  return { action: actions.start({ command, resources: [{ id: network.id, type: "network" }] }) };
}

/** Networks, subnets and routes as records: no server can be attached to one here. */
export function networkRoutes(context: Context): Routes {
  const { state } = context;
  const all = state.networks;
  const find = (id = ""): Network => byId(all, id, "network");
  return {
    ...actionRoutes(context, "networks", "network", (id) => all.some((one) => String(one.id) === id)),
    "GET /networks": (call) =>
      list(call, "networks", all, { filters: ["name"], sort: ["id", "name", "created"], view: networkView }),
    "POST /networks": ({ body }) => {
      const wanted = input.parse(creation, body);
      input.assertUnique(all, "network", wanted.name);
      const network: Network = {
        ...input.stamp(state, context.now),
        ...wanted,
        subnets: [],
        protection: { delete: false },
      };
      for (const one of wanted.subnets) network.subnets.push(newSubnet(network, one));
      all.push(network);
      return created({ network: networkView(network) });
    },
    "GET /networks/:id": ({ params }) => ok({ network: networkView(find(params.id)) }),
    "PUT /networks/:id": ({ params, body }) => {
      const network = find(params.id);
      const wanted = input.parse(update, body);
      input.rename(all, network, "network", body);
      network.expose_routes_to_vswitch = wanted.expose_routes_to_vswitch ?? network.expose_routes_to_vswitch;
      return ok({ network: networkView(network) });
    },
    "DELETE /networks/:id": ({ params }) => {
      const network = find(params.id);
      if (network.protection.delete) throw isProtected("network");
      input.drop(all, network);
      return noContent;
    },
    ...networkActions(context),
  };
}

/** `POST /networks/:id/actions/…` */
function networkActions(context: Context): Routes {
  const find = (id = ""): Network => byId(context.state.networks, id, "network");
  return {
    "POST /networks/:id/actions/add_subnet": ({ params, body }) => {
      const network = find(params.id);
      network.subnets.push(newSubnet(network, input.parse(subnet, body)));
      return created(start(context, network, "add_subnet"));
    },
    "POST /networks/:id/actions/delete_subnet": ({ params, body }) => {
      const network = find(params.id);
      const { ip_range } = input.parse(z.object({ ip_range: ipv4Block }), body);
      const found = network.subnets.find((one) => one.ip_range === ip_range);
      if (!found) throw notFound("subnet");
      input.drop(network.subnets, found);
      return created(start(context, network, "delete_subnet"));
    },
    ...routeActions(context, find),
    "POST /networks/:id/actions/change_ip_range": ({ params, body }) => {
      const network = find(params.id);
      const { ip_range } = input.parse(z.object({ ip_range: privateBlock }), body);
      const [before, after] = [blockOf(network.ip_range), blockOf(ip_range)];
      if (after.first !== before.first || after.bits > before.bits) {
        throw invalidField("ip_range", "can only be extended at its end");
      }
      network.ip_range = ip_range;
      return created(start(context, network, "change_ip_range"));
    },
    "POST /networks/:id/actions/change_protection": ({ params, body }) => {
      const network = find(params.id);
      network.protection.delete =
        input.parse(z.object({ delete: z.boolean().optional() }), body).delete ?? network.protection.delete;
      return created(start(context, network, "change_protection"));
    },
  };
}

function routeActions(context: Context, find: (id?: string) => Network): Routes {
  return {
    "POST /networks/:id/actions/add_route": ({ params, body }) => {
      const network = find(params.id);
      const wanted = input.parse(route, body);
      const at = ipv4Number(wanted.gateway);
      if (!contains(blockOf(network.ip_range), { first: at, last: at, bits: 32 })) {
        throw invalidField("gateway", "is not within the network");
      }
      if (network.routes.some((one) => overlaps(blockOf(one.destination), blockOf(wanted.destination)))) {
        throw invalidField("destination", "overlaps with another route");
      }
      network.routes.push(wanted);
      return created(start(context, network, "add_route"));
    },
    "POST /networks/:id/actions/delete_route": ({ params, body }) => {
      const network = find(params.id);
      const wanted = input.parse(route, body);
      const found = network.routes.find(
        (one) => one.destination === wanted.destination && one.gateway === wanted.gateway,
      );
      if (!found) throw notFound("route");
      input.drop(network.routes, found);
      return created(start(context, network, "delete_route"));
    },
  };
}
