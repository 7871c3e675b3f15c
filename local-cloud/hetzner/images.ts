import { z } from "zod";
import { actionRoutes } from "./action-routes";
import { systemImages } from "./catalog-images";
import { created, noContent, ok, type Context, type Routes } from "./context";
import { isProtected, notFound, unsupported } from "./errors";
import * as input from "./input";
import { byId, list, values } from "./listing";
import { forgetImage } from "./server-create";
import type { OwnImage } from "./types";
import { imageView, ownImageView } from "./views";

const update = z.object({
  description: z.string().optional(),
  type: z.literal("snapshot").optional(),
  labels: input.labels.optional(),
});

interface Listed {
  id: number;
  name: string | null;
  type: string;
  status: string;
  architecture: string;
  bound_to: number | null;
  created: string;
  deprecated: string | null;
}

/** Images that may be changed: snapshots and backups. A system image is found, but is not the account's. */
function own({ state }: Context, id = ""): OwnImage {
  const image = state.images.find((one) => String(one.id) === id);
  if (image) return image;
  byId(systemImages, id, "image");
  throw unsupported("changing a system image, as Hetzner does not either");
}

export function imageRoutes(context: Context): Routes {
  const { state, actions } = context;
  const known = (id: string): boolean => imageView(state, Number(id)) !== null;
  return {
    ...actionRoutes(context, "images", "image", known),
    "GET /images": (call) => {
      const every = [...systemImages, ...state.images.map(ownImageView)] as Listed[];
      const old = values(call.query, "include_deprecated")[0] === "true";
      const shown = every.filter((image) => old || image.deprecated === null);
      const filters = ["name", "type", "status", "architecture", "bound_to"] as const;
      return list(call, "images", shown, { filters, sort: ["id", "name", "created"] });
    },
    "GET /images/:id": ({ params }) => {
      const image = imageView(state, Number(params.id));
      if (!image) throw notFound("image");
      return ok({ image });
    },
    "PUT /images/:id": ({ params, body }) => {
      const image = own(context, params.id);
      const wanted = input.parse(update, body);
      Object.assign(image, wanted);
      if (wanted.type) image.bound_to = null;
      return ok({ image: ownImageView(image) });
    },
    "DELETE /images/:id": ({ params }) => {
      const image = own(context, params.id);
      if (image.protection.delete) throw isProtected("image");
      input.drop(state.images, image);
      forgetImage(context, image.id);
      return noContent;
    },
    "POST /images/:id/actions/change_protection": ({ params, body }) => {
      const image = own(context, params.id);
      const wanted = input.parse(z.object({ delete: z.boolean().optional() }), body);
      image.protection.delete = wanted.delete ?? image.protection.delete;
      const resources = [{ id: image.id, type: "image" }];
      return created({ action: actions.start({ command: "change_protection", resources }) });
    },
  };
}
