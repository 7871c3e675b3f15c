import { randomBytes } from "node:crypto";
import { z } from "zod";
import { serverType, serverTypes } from "./catalog";
import { created, type Answer, type Call, type Context } from "./context";
import { invalidField, isProtected, refused } from "./errors";
import * as input from "./input";
import { byIdOrName } from "./listing";
import { boot, bootable, imageTag, userData } from "./server-create";
import { assertOff, begin, type Effect } from "./server-effect";
import type { OwnImage, Server } from "./types";
import { ownImageView } from "./views";

const rebuilding = z.object({ image: input.idOrName, user_data: userData.nullish() });
const typing = z.object({ upgrade_disk: z.boolean(), server_type: input.idOrName });
const imaging = z.object({
  description: z.string().nullish(),
  type: z.enum(["snapshot", "backup"]).default("snapshot"),
  labels: input.labels.default({}),
});

/** `POST /servers/:id/actions/rebuild`: a new disk, the same server and address. */
export function rebuild(context: Context, server: Server, call: Call): Answer {
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

/** `POST /servers/:id/actions/change_type` */
export function changeType(context: Context, server: Server, call: Call): Answer {
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

/** `POST /servers/:id/actions/create_image` */
export function createImage(context: Context, server: Server, call: Call): Answer {
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
