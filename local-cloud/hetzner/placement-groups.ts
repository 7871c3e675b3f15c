import { z } from "zod";
import { created, noContent, ok, type Context, type Routes } from "./context";
import { refused } from "./errors";
import * as input from "./input";
import { byId, list } from "./listing";
import type { PlacementGroup } from "./types";
import { placementGroupView } from "./views";

const creation = z.object({ name: input.name, type: z.literal("spread"), labels: input.labels.default({}) });

/** Placement groups. One machine is all there is here: they are counted, not spread. */
export function placementGroupRoutes({ state, now }: Context): Routes {
  const all = state.placement_groups;
  const find = (id = ""): PlacementGroup => byId(all, id, "placement_group");
  const view = (group: PlacementGroup): unknown => placementGroupView(state, group);
  return {
    "GET /placement_groups": (call) =>
      list(call, "placement_groups", all, {
        filters: ["name", "type"],
        sort: ["id", "name", "created"],
        view,
      }),
    "POST /placement_groups": ({ body }) => {
      const wanted = input.parse(creation, body);
      input.assertUnique(all, "placement group", wanted.name);
      const group = { ...input.stamp(state, now), ...wanted };
      all.push(group);
      return created({ placement_group: view(group), action: null });
    },
    "GET /placement_groups/:id": ({ params }) => ok({ placement_group: view(find(params.id)) }),
    "PUT /placement_groups/:id": ({ params, body }) => {
      const group = find(params.id);
      input.rename(all, group, "placement group", body);
      return ok({ placement_group: view(group) });
    },
    "DELETE /placement_groups/:id": ({ params }) => {
      const group = find(params.id);
      if (state.servers.some((server) => server.placement_group === group.id)) {
        throw refused("resource_in_use", "placement group still has servers");
      }
      input.drop(all, group);
      return noContent;
    },
  };
}
