import { datacenters, locations, serverTypes } from "./catalog";
import { isos, loadBalancerTypes, pricing } from "./catalog-images";
import { ok, type Routes } from "./context";
import { byId, list, values } from "./listing";

function readOnly(
  path: string,
  noun: string,
  items: { id: number; name: string }[],
  extra: Record<string, unknown> = {},
): Routes {
  return {
    [`GET /${path}`]: (call) => {
      const answer = list(call, path, items, { filters: ["name"], sort: ["id", "name"] });
      return { ...answer, body: { ...(answer.body as object), ...extra } };
    },
    [`GET /${path}/:id`]: ({ params }) => ok({ [noun]: byId(items, params.id ?? "", noun) }),
  };
}

/** What Hetzner sells: read only. */
export const catalogRoutes: Routes = {
  ...readOnly("locations", "location", locations),
  ...readOnly("datacenters", "datacenter", datacenters, { recommendation: 4 }),
  ...readOnly("server_types", "server_type", serverTypes),
  ...readOnly("load_balancer_types", "load_balancer_type", loadBalancerTypes),
  ...readOnly("isos", "iso", isos),
  "GET /isos": (call) => {
    const wanted = values(call.query, "architecture");
    const found = isos.filter((iso) => wanted.length === 0 || wanted.includes(iso.architecture));
    return list(call, "isos", found, { filters: ["name"], sort: ["id", "name"] });
  },
  "GET /pricing": () => ok({ pricing }),
};
