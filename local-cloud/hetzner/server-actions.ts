import { randomBytes } from "node:crypto";
import { z } from "zod";
import { serverType, serverTypes } from "./catalog";
import { created, type Answer, type Call, type Context, type Routes } from "./context";
import { invalidField, isProtected, refused, unsupported } from "./errors";
import * as input from "./input";
import { byId, byIdOrName } from "./listing";
import { changeReverse } from "./primary-ips";
import { bootable, boot, imageTag, userData } from "./server-create";
import type { Action, OwnImage, Server, ServerStatus } from "./types";
import { ownImageView } from "./views";

const rebuilding = z.object({ image: input.idOrName, user_data: userData.nullish() });
const typing = z.object({ upgrade_disk: z.boolean(), server_type: input.idOrName });
const imaging = z.object({
  description: z.string().nullish(),
  type: z.enum(["snapshot", "backup"]).default("snapshot"),
  labels: input.labels.default({}),
});
const protecting = z.object({ delete: z.boolean().optional(), rebuild: z.boolean().optional() });

interface Effect {
  readonly command: string;
  readonly work?: () => Promise<void>;
  readonly during?: ServerStatus;
  /** Status when done; without it the server keeps the one it has. */
  readonly status?: ServerStatus;
  readonly done?: () => void;
}

function begin(
  { actions }: Context,
  server: Server,
  effect: Effect,
  others: Action["resources"] = [],
): Action {
  const before = server.status;
  const action = actions.start({
    command: effect.command,
    resources: [{ id: server.id, type: "server" }, ...others],
    locks: server,
    work: effect.work,
    done: () => {
      if (effect.status) server.status = effect.status;
      effect.done?.();
    },
    failed: () => (server.status = before),
  });
  if (effect.during) server.status = effect.during;
  return action;
}

function assertOff(server: Server): void {
  if (server.status !== "off") throw refused("server_not_stopped", "server must be powered off");
}

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

function rebuild(context: Context, server: Server, call: Call): Answer {
  const wanted = input.parse(rebuilding, call.body);
  if (server.protection.rebuild) throw isProtected("server rebuild");
  const disk = bootable(context, wanted.image, serverType(server.server_type));
  const password = server.public_keys.length === 0 ? randomBytes(12).toString("base64url") : null;
  const work = async (): Promise<void> => {
    await context.hosts.remove(server.id);
    await boot(context, server, Promise.resolve());
    if (password !== null) await context.hosts.setRootPassword(server.id, password);
  };
  const action = begin(context, server, {
    command: "rebuild_server",
    work,
    during: "rebuilding",
    status: "running",
  });
  server.image = disk.id;
  if (wanted.user_data) server.user_data = wanted.user_data;
  return created({ action, root_password: password });
}

function changeType(context: Context, server: Server, call: Call): Answer {
  const wanted = input.parse(typing, call.body);
  const type = byIdOrName(serverTypes, wanted.server_type);
  if (!type) throw invalidField("server_type", "server type not found");
  assertOff(server);
  const fits =
    type.architecture === serverType(server.server_type).architecture &&
    type.disk >= server.primary_disk_size;
  const here = type.locations.some((one) => one.name === server.location);
  if (!fits || !here || type.name === server.server_type) {
    throw refused("invalid_server_type", "the server type does not fit for the given server");
  }
  const effect: Effect = {
    command: "change_server_type",
    work: () => context.hosts.resize(server.id, type.cores, type.memory),
    ...{ during: "migrating", status: "off" },
    done: () => {
      server.server_type = type.name;
      if (wanted.upgrade_disk) server.primary_disk_size = type.disk;
    },
  };
  return created({ action: begin(context, server, effect) });
}

function createImage(context: Context, server: Server, call: Call): Answer {
  const { state, hosts } = context;
  const wanted = input.parse(imaging, call.body);
  if (wanted.type === "backup" && !server.backup_window) {
    throw refused("backups_not_enabled", "backups are not enabled for the server");
  }
  const stamp = input.stamp(state, context.now);
  const image: OwnImage = {
    ...{ ...stamp, name: "", labels: wanted.labels, type: wanted.type, status: "creating" },
    ...{
      description: wanted.description ?? server.name,
      image_size: null,
      disk_size: server.primary_disk_size,
    },
    ...{
      created_from: { id: server.id, name: server.name },
      bound_to: wanted.type === "backup" ? server.id : null,
    },
    ...{ os_flavor: "debian", os_version: "13", architecture: serverType(server.server_type).architecture },
    protection: { delete: false },
  };
  const work = async (): Promise<void> => {
    const bytes = await hosts.commit(server.id, imageTag(context, image.id));
    image.image_size = Math.round((bytes / 1e9) * 100) / 100;
  };
  const done = (): void => void (image.status = "available");
  const effect = { command: "create_image", work, done };
  const action = begin(context, server, effect, [{ id: image.id, type: "image" }]);
  state.images.push(image);
  return created({ image: ownImageView(image), action });
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
    void context.hosts.removeImage(imageTag(context, image.id));
  }
}
