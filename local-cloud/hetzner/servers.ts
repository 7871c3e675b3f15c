import { z } from "zod";
import { actionRoutes } from "./action-routes";
import { ok, type Answer, type Context, type Routes } from "./context";
import { isProtected, unsupported } from "./errors";
import * as input from "./input";
import { byId, list } from "./listing";
import { removePrimaryIp } from "./primary-ips";
import { dropBackups, serverActionRoutes } from "./server-actions";
import { createServer } from "./server-create";
import type { Server } from "./types";
import { serverView } from "./views";

const update = z.object({ name: input.hostname.optional(), labels: input.labels.optional() });

/** Hosts that are being removed: a new one on the same address waits for them. */
type Removals = Set<Promise<void>>;

function deleteServer(context: Context, removals: Removals, server: Server): Answer {
  const { state, hosts } = context;
  if (server.protection.delete) throw isProtected("server");
  const removal = async (): Promise<void> => {
    await hosts.remove(server.id);
    await context.firewalls.apply();
  };
  const work = (): Promise<void> => {
    const run = removal().finally(() => removals.delete(run));
    removals.add(run);
    return run;
  };
  const resources = [{ id: server.id, type: "server" }];
  const action = context.actions.start({ command: "delete_server", resources, locks: server, work });
  // "immediately removes the server from your account"; the host follows
  input.drop(state.servers, server);
  for (const ip of state.primary_ips.filter((one) => one.assignee_id === server.id)) {
    ip.assignee_id = null;
    if (ip.auto_delete) removePrimaryIp(context, ip);
  }
  for (const firewall of state.firewalls) {
    firewall.applied_to = firewall.applied_to.filter(
      (one) => one.type !== "server" || one.server.id !== server.id,
    );
  }
  dropBackups(context, server);
  return ok({ action });
}

export function serverRoutes(context: Context): Routes {
  const { state } = context;
  const all = state.servers;
  const removals: Removals = new Set();
  const find = (id = ""): Server => byId(all, id, "server");
  const view = (server: Server): unknown => serverView(state, server);
  return {
    ...actionRoutes(context, "servers", "server", (id) => all.some((one) => String(one.id) === id)),
    ...serverActionRoutes(context),
    "GET /servers": (call) =>
      list(call, "servers", all, { filters: ["name", "status"], sort: ["id", "name", "created"], view }),
    "POST /servers": ({ body }) => createServer(context, body, () => Promise.allSettled(removals)),
    "GET /servers/:id": ({ params }) => ok({ server: view(find(params.id)) }),
    "PUT /servers/:id": ({ params, body }) => {
      const server = find(params.id);
      input.rename(all, server, "server", body, update);
      // a label selector may match now, or no longer; "can take up to a few seconds"
      context.firewalls.apply().catch(() => undefined);
      return ok({ server: view(server) });
    },
    "DELETE /servers/:id": ({ params }) => deleteServer(context, removals, find(params.id)),
    "GET /servers/:id/metrics": ({ params }) => {
      find(params.id);
      throw unsupported("server metrics");
    },
  };
}
