import { z } from "zod";
import { actionRoutes } from "./action-routes";
import { created, noContent, ok, type Context, type Routes } from "./context";
import { ApiError, invalidField, refused } from "./errors";
import { firewallsOf } from "./firewall-sync";
import { rules } from "./firewall-rules";
import * as input from "./input";
import { parseSelector } from "./labels";
import { byId, list } from "./listing";
import type { Action, Firewall, FirewallTarget, Server } from "./types";
import { addressOf, firewallView } from "./views";

const MAX_PER_SERVER = 5;

const target = z
  .object({
    type: z.enum(["server", "label_selector"]),
    server: z.object({ id: input.id }).nullish(),
    label_selector: z.object({ selector: z.string().min(1) }).nullish(),
  })
  .transform((one, context): FirewallTarget => {
    if (one.type === "server" && one.server) return { type: "server", server: one.server };
    if (one.type === "label_selector" && one.label_selector) {
      return { type: "label_selector", label_selector: one.label_selector };
    }
    context.addIssue({ code: "custom", path: [one.type], message: "Missing data for required field." });
    return z.NEVER;
  });
const creation = z.object({
  name: input.name,
  labels: input.labels.default({}),
  rules: rules.default([]),
  apply_to: z.array(target).default([]),
});

function same(a: FirewallTarget, b: FirewallTarget): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Throws when the firewall can't be applied there; `status` is 422 on creation and 404 in an action. */
export function assertTarget(
  { state }: Context,
  firewall: Firewall,
  one: FirewallTarget,
  status: 404 | 422,
): void {
  if (firewall.applied_to.some((other) => same(other, one))) {
    throw refused("firewall_already_applied", "firewall is already applied to the resource");
  }
  if (one.type === "label_selector") {
    if (!parseSelector(one.label_selector.selector))
      throw invalidField("label_selector.selector", "is invalid");
    return;
  }
  const server = state.servers.find((other) => other.id === one.server.id);
  if (!server) throw new ApiError(status, "firewall_resource_not_found", `server ${one.server.id} not found`);
  if (!addressOf(state, server, "ipv4") && !addressOf(state, server, "ipv6")) {
    throw refused("private_net_only_server", "server has no public network interface");
  }
  if (firewallsOf(state, server).length >= MAX_PER_SERVER) {
    throw refused("resource_limit_exceeded", "a server can have 5 firewalls at most");
  }
}

function resourcesOf(firewall: Firewall, one?: FirewallTarget): { id: number; type: string }[] {
  const server = one?.type === "server" ? [{ id: one.server.id, type: "server" }] : [];
  return [...server, { id: firewall.id, type: "firewall" }];
}

/** One action per target, each ends when the packet filters are in force. */
function filterActions(
  context: Context,
  command: string,
  firewall: Firewall,
  targets: FirewallTarget[],
): Action[] {
  return targets.map((one) =>
    context.actions.start({
      command,
      resources: resourcesOf(firewall, one),
      work: () => context.firewalls.apply(),
    }),
  );
}

function assertDistinct(targets: FirewallTarget[]): void {
  const texts = targets.map((one) => JSON.stringify(one));
  if (new Set(texts).size < texts.length)
    throw refused("server_already_added", "server was added more than once");
}

function remove({ state }: Context, firewall: Firewall, one: FirewallTarget): void {
  const found = firewall.applied_to.find((other) => same(other, one));
  if (found) return input.drop(firewall.applied_to, found);
  const server: Server | undefined =
    one.type === "server" ? state.servers.find((other) => other.id === one.server.id) : undefined;
  if (server && firewallsOf(state, server).includes(firewall)) {
    throw refused("firewall_managed_by_label_selector", "firewall is applied by a label selector");
  }
  throw new ApiError(404, "firewall_resource_not_found", "firewall is not applied to the resource");
}

function targetsOf(body: unknown, field: "apply_to" | "remove_from"): FirewallTarget[] {
  const targets = input.parse(z.object({ [field]: z.array(target) }), body)[field] as FirewallTarget[];
  assertDistinct(targets);
  return targets;
}

export function firewallRoutes(context: Context): Routes {
  const { state, actions } = context;
  const all = state.firewalls;
  const find = (id = ""): Firewall => byId(all, id, "firewall");
  const view = (firewall: Firewall): unknown => firewallView(state, firewall);
  return {
    ...actionRoutes(context, "firewalls", "firewall", (id) => all.some((one) => String(one.id) === id)),
    "GET /firewalls": (call) =>
      list(call, "firewalls", all, { filters: ["name"], sort: ["id", "name", "created"], view }),
    "POST /firewalls": ({ body }) => {
      const wanted = input.parse(creation, body);
      input.assertUnique(all, "firewall", wanted.name);
      assertDistinct(wanted.apply_to);
      const firewall: Firewall = { ...input.stamp(state, context.now), ...wanted, applied_to: [] };
      for (const one of wanted.apply_to) assertTarget(context, firewall, one, 422);
      firewall.applied_to = wanted.apply_to;
      delete (firewall as Partial<typeof wanted>).apply_to;
      all.push(firewall);
      const set = actions.start({ command: "set_firewall_rules", resources: resourcesOf(firewall) });
      const applied = filterActions(context, "apply_firewall", firewall, wanted.apply_to);
      return created({ firewall: view(firewall), actions: [set, ...applied] });
    },
    "GET /firewalls/:id": ({ params }) => ok({ firewall: view(find(params.id)) }),
    "PUT /firewalls/:id": ({ params, body }) => {
      const firewall = find(params.id);
      input.rename(all, firewall, "firewall", body);
      return ok({ firewall: view(firewall) });
    },
    "DELETE /firewalls/:id": ({ params }) => {
      const firewall = find(params.id);
      if (firewall.applied_to.length > 0)
        throw refused("resource_in_use", "firewall is still applied to a resource");
      input.drop(all, firewall);
      return noContent;
    },
    ...firewallActions(context),
  };
}

/** `POST /firewalls/:id/actions/…` */
function firewallActions(context: Context): Routes {
  const find = (id = ""): Firewall => byId(context.state.firewalls, id, "firewall");
  return {
    "POST /firewalls/:id/actions/set_rules": ({ params, body }) => {
      const firewall = find(params.id);
      firewall.rules = input.parse(z.object({ rules }), body).rules;
      const work = (): Promise<void> => context.firewalls.apply();
      const set = context.actions.start({
        command: "set_firewall_rules",
        resources: resourcesOf(firewall),
        work,
      });
      const applied = filterActions(context, "apply_firewall", firewall, firewall.applied_to);
      return created({ actions: [set, ...applied] });
    },
    "POST /firewalls/:id/actions/apply_to_resources": ({ params, body }) => {
      const firewall = find(params.id);
      const targets = targetsOf(body, "apply_to");
      for (const one of targets) assertTarget(context, firewall, one, 404);
      firewall.applied_to.push(...targets);
      return created({ actions: filterActions(context, "apply_firewall", firewall, targets) });
    },
    "POST /firewalls/:id/actions/remove_from_resources": ({ params, body }) => {
      const firewall = find(params.id);
      const targets = targetsOf(body, "remove_from");
      for (const one of targets) remove(context, firewall, one);
      return created({ actions: filterActions(context, "remove_firewall", firewall, targets) });
    },
  };
}
