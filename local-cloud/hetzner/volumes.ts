import { z } from "zod";
import { actionRoutes } from "./action-routes";
import { locations } from "./catalog";
import { created, noContent, ok, type Context, type Routes } from "./context";
import { invalidField, isProtected, refused, unsupported } from "./errors";
import * as input from "./input";
import { byId, byIdOrName, list } from "./listing";
import type { Action, Volume } from "./types";
import { volumeView } from "./views";

const size = z.int().min(10, "must be at least 10").max(10240, "must be at most 10240");
const volumeName = z
  .string()
  .regex(/^[a-zA-Z0-9]([a-zA-Z0-9_.-]{0,62}[a-zA-Z0-9])?$/, "must be a valid volume name");
const creation = z.object({
  name: volumeName,
  size,
  labels: input.labels.default({}),
  location: input.idOrName.optional(),
  server: input.id.optional(),
  format: z.enum(["ext4", "xfs"]).optional(),
  automount: z.boolean().optional(),
});
const update = z.object({ name: volumeName.optional(), labels: input.labels.optional() });

function start({ actions }: Context, volume: Volume, command: string): Action {
  return actions.start({ command, resources: [{ id: volume.id, type: "volume" }] });
}

/** Volumes as records: no disk stands behind one, and so none can be attached. */
export function volumeRoutes(context: Context): Routes {
  const { state } = context;
  const all = state.volumes;
  const find = (id = ""): Volume => byId(all, id, "volume");
  return {
    ...actionRoutes(context, "volumes", "volume", (id) => all.some((one) => String(one.id) === id)),
    "GET /volumes": (call) =>
      list(call, "volumes", all, { filters: ["name"], sort: ["id", "name", "created"], view: volumeView }),
    "POST /volumes": ({ body }) => {
      const wanted = input.parse(creation, body);
      if (wanted.server !== undefined) throw unsupported("volumes attached to servers");
      if (wanted.location === undefined) throw invalidField("location", "Missing data for required field.");
      const place = byIdOrName(locations, wanted.location);
      if (!place) throw invalidField("location", "location not found");
      input.assertUnique(all, "volume", wanted.name);
      const { name, labels, format = null } = wanted;
      const volume: Volume = {
        ...{ ...input.stamp(state, context.now), name, labels, format, size: wanted.size },
        ...{ location: place.name, protection: { delete: false } },
      };
      all.push(volume);
      return created({
        volume: volumeView(volume),
        action: start(context, volume, "create_volume"),
        next_actions: [],
      });
    },
    "GET /volumes/:id": ({ params }) => ok({ volume: volumeView(find(params.id)) }),
    "PUT /volumes/:id": ({ params, body }) => {
      const volume = find(params.id);
      input.rename(all, volume, "volume", body, update);
      return ok({ volume: volumeView(volume) });
    },
    "DELETE /volumes/:id": ({ params }) => {
      const volume = find(params.id);
      if (volume.protection.delete) throw isProtected("volume");
      input.drop(all, volume);
      return noContent;
    },
    ...volumeActions(context),
  };
}

/** `POST /volumes/:id/actions/…` */
function volumeActions(context: Context): Routes {
  const find = (id = ""): Volume => byId(context.state.volumes, id, "volume");
  return {
    "POST /volumes/:id/actions/attach": ({ params }) => {
      find(params.id);
      throw unsupported("volumes attached to servers");
    },
    "POST /volumes/:id/actions/detach": ({ params }) => {
      find(params.id);
      throw refused("volume_not_attached", "volume is not attached to a server");
    },
    "POST /volumes/:id/actions/resize": ({ params, body }) => {
      const volume = find(params.id);
      const wanted = input.parse(z.object({ size }), body);
      if (wanted.size <= volume.size) throw invalidField("size", "must be larger than the current size");
      volume.size = wanted.size;
      return created({ action: start(context, volume, "resize_volume") });
    },
    "POST /volumes/:id/actions/change_protection": ({ params, body }) => {
      const volume = find(params.id);
      volume.protection.delete =
        input.parse(z.object({ delete: z.boolean().optional() }), body).delete ?? volume.protection.delete;
      return created({ action: start(context, volume, "change_protection") });
    },
  };
}
