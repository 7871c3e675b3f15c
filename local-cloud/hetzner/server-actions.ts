import { randomBytes } from "node:crypto";
import { z } from "zod";
import { created, type Answer, type Call, type Context, type Routes } from "./context";
import { invalidField, refused, unsupported } from "./errors";
import * as input from "./input";
import { byId } from "./listing";
import { changeReverse } from "./primary-ips";
import { boot, forgetImage } from "./server-create";
import { changeType, createImage, rebuild } from "./server-disk";
import { assertOff, begin, type Effect } from "./server-effect";
import type { Server } from "./types";

const protecting = z.object({ delete: z.boolean().optional(), rebuild: z.boolean().optional() });

/** Power: what is already so stays so, as on a real machine. */
function power(context: Context, server: Server): Record<string, () => Effect> {
  const { hosts } = context;
  const isOff = server.status === "off";
  const restart = async (how: () => Promise<void>): Promise<void> => (isOff ? undefined : how());
  const on = (): Promise<void> => boot(context, server, Promise.resolve());
  return {
    poweron: () => ({
      command: "start_server",
      work: on,
      during: isOff ? "starting" : undefined,
      status: "running",
    }),
    poweroff: () => ({ command: "stop_server", work: () => hosts.kill(server.id), status: "off" }),
    shutdown: () => ({
      // "only reflects whether the action was sent": the watch sees the host go down
      command: "shutdown_server",
      work: () => restart(() => hosts.shutdown(server.id)),
    }),
    reboot: () => ({ command: "reboot_server", work: () => restart(() => hosts.reboot(server.id)) }),
    reset: () => ({
      command: "reset_server",
      work: async () => {
        await hosts.kill(server.id);
        await on();
      },
      status: "running",
    }),
  };
}

function resetPassword(context: Context, server: Server): Answer {
  if (server.status !== "running") throw refused("server_not_running", "server must be running");
  const password = randomBytes(12).toString("base64url");
  const work = (): Promise<void> => context.hosts.setRootPassword(server.id, password);
  return created({
    action: begin(context, server, { command: "reset_password", work }),
    root_password: password,
  });
}

function changePlacement(context: Context, server: Server, group: number | null): Answer {
  assertOff(server);
  if (group !== null && server.placement_group !== null) {
    throw refused("already_in_placement_group", "server is already part of a placement group");
  }
  const command = group === null ? "remove_from_placement_group" : "add_to_placement_group";
  const action = begin(context, server, { command });
  server.placement_group = group;
  return created({ action });
}

/** `POST /servers/:id/actions/…` */
export function serverActionRoutes(context: Context): Routes {
  const { state } = context;
  const find = (id = ""): Server => byId(state.servers, id, "server");
  const on = (name: string, handler: (server: Server, call: Call) => Answer): Routes => ({
    [`POST /servers/:id/actions/${name}`]: (call) => handler(find(call.params.id), call),
  });
  const powers = ["poweron", "poweroff", "shutdown", "reboot", "reset"].map((name) =>
    on(name, (server) => {
      const effect = power(context, server)[name]?.();
      if (!effect) throw unsupported(name);
      return created({ action: begin(context, server, effect) });
    }),
  );
  const missing = [
    "enable_rescue",
    "disable_rescue",
    "attach_iso",
    "detach_iso",
    "request_console",
    "attach_to_network",
  ];
  const refusals = [...missing, "detach_from_network", "change_alias_ips"].map((name) =>
    on(name, () => {
      throw unsupported(name);
    }),
  );
  const simple = (command: string, server: Server): Answer =>
    created({ action: begin(context, server, { command }) });
  const routes: Routes[] = [
    ...powers,
    ...refusals,
    on("rebuild", (server, call) => rebuild(context, server, call)),
    on("change_type", (server, call) => changeType(context, server, call)),
    on("create_image", (server, call) => createImage(context, server, call)),
    on("reset_password", (server) => resetPassword(context, server)),
    on("change_protection", (server, { body }) => {
      const wanted = input.parse(protecting, body);
      const next = { ...server.protection, ...wanted };
      if (next.delete !== next.rebuild) throw invalidField("rebuild", "must be the same as delete");
      const answer = simple("change_protection", server);
      server.protection = next;
      return answer;
    }),
    on("change_dns_ptr", (server, { body }) => {
      const ips = state.primary_ips.filter((ip) => ip.assignee_id === server.id);
      return created({ action: changeReverse(context, ips, body, { id: server.id, type: "server" }) });
    }),
    on("enable_backup", (server) => {
      const answer = simple("enable_backup", server);
      server.backup_window = "22-02";
      return answer;
    }),
    on("disable_backup", (server) => {
      const answer = simple("disable_backup", server);
      server.backup_window = null;
      dropBackups(context, server);
      return answer;
    }),
    on("add_to_placement_group", (server, { body }) => {
      const { placement_group } = input.parse(z.object({ placement_group: input.id }), body);
      return changePlacement(
        context,
        server,
        byId(state.placement_groups, placement_group, "placement_group").id,
      );
    }),
    on("remove_from_placement_group", (server) => changePlacement(context, server, null)),
  ];
  return Object.assign({}, ...routes) as Routes;
}

/** Backups live and die with their server's backup option. */
export function dropBackups(context: Context, server: Server): void {
  for (const image of context.state.images.filter((one) => one.bound_to === server.id)) {
    input.drop(context.state.images, image);
    forgetImage(context, image.id);
  }
}
