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

type Acts = Readonly<Record<string, (server: Server, call: Call) => Answer>>;

function powerActs(context: Context): Acts {
  const names = ["poweron", "poweroff", "shutdown", "reboot", "reset"];
  const act = (name: string) => (server: Server) => {
    const effect = power(context, server)[name]?.();
    if (!effect) throw unsupported(name);
    return created({ action: begin(context, server, effect) });
  };
  return Object.fromEntries(names.map((name) => [name, act(name)]));
}

/** What the real API can do, and a container can't, or nothing here needs. */
function missingActs(): Acts {
  const names = ["enable_rescue", "disable_rescue", "attach_iso", "detach_iso", "request_console"];
  const networks = ["attach_to_network", "detach_from_network", "change_alias_ips"];
  const refuse = (name: string) => () => {
    throw unsupported(name);
  };
  return Object.fromEntries([...names, ...networks].map((name) => [name, refuse(name)]));
}

function backupActs(context: Context): Acts {
  const set = (server: Server, command: string, window: string | null): Answer => {
    const action = begin(context, server, { command });
    server.backup_window = window;
    if (window === null) dropBackups(context, server);
    return created({ action });
  };
  return {
    enable_backup: (server) => set(server, "enable_backup", "22-02"),
    disable_backup: (server) => set(server, "disable_backup", null),
  };
}

function otherActs(context: Context): Acts {
  const { state } = context;
  return {
    rebuild: (server, call) => rebuild(context, server, call),
    change_type: (server, call) => changeType(context, server, call),
    create_image: (server, call) => createImage(context, server, call),
    reset_password: (server) => resetPassword(context, server),
    change_protection: (server, { body }) => {
      const next = { ...server.protection, ...input.parse(protecting, body) };
      if (next.delete !== next.rebuild) throw invalidField("rebuild", "must be the same as delete");
      const action = begin(context, server, { command: "change_protection" });
      server.protection = next;
      return created({ action });
    },
    change_dns_ptr: (server, { body }) => {
      const ips = state.primary_ips.filter((ip) => ip.assignee_id === server.id);
      return created({ action: changeReverse(context, ips, body, { id: server.id, type: "server" }) });
    },
    add_to_placement_group: (server, { body }) => {
      const { placement_group } = input.parse(z.object({ placement_group: input.id }), body);
      const group = byId(state.placement_groups, placement_group, "placement_group");
      return changePlacement(context, server, group.id);
    },
    remove_from_placement_group: (server) => changePlacement(context, server, null),
  };
}

/** `POST /servers/:id/actions/…` */
export function serverActionRoutes(context: Context): Routes {
  const acts = { ...powerActs(context), ...missingActs(), ...backupActs(context), ...otherActs(context) };
  const routes = Object.entries(acts).map(([name, act]): [string, Routes[string]] => [
    `POST /servers/:id/actions/${name}`,
    (call) => act(byId(context.state.servers, call.params.id ?? "", "server"), call),
  ]);
  return Object.fromEntries(routes);
}

/** Backups live and die with their server's backup option. */
export function dropBackups(context: Context, server: Server): void {
  for (const image of context.state.images.filter((one) => one.bound_to === server.id)) {
    input.drop(context.state.images, image);
    forgetImage(context, image.id);
  }
}
