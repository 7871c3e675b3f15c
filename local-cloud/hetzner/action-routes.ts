import { ok, type Context, type Routes } from "./context";
import { ApiError, invalidField, notFound } from "./errors";
import { byId, list, values, type ListOptions } from "./listing";
import type { Action } from "./types";

const OPTIONS: ListOptions<Action> = {
  sort: ["id", "command", "status", "started", "finished"],
  filters: ["id", "status"],
};

/** `/actions` over everything: only by id since January 2025. */
export function allActionRoutes({ state }: Context): Routes {
  return {
    "GET /actions": (call) => {
      if (values(call.query, "id").length === 0) {
        const announcement =
          "https://docs.hetzner.cloud/changelog#2025-01-30-listing-arbitrary-actions-in-the-actions-list-endpoint-is-removed";
        throw new ApiError(410, "deprecated_api_endpoint", "API functionality was removed", { announcement });
      }
      if (!values(call.query, "id").every((id) => /^\d+$/.test(id)))
        throw invalidField("id", "Not a valid integer.");
      return list(call, "actions", state.actions, OPTIONS);
    },
    "GET /actions/:id": ({ params }) => ok({ action: byId(state.actions, params.id ?? "", "action") }),
  };
}

/** The four routes for the actions of one kind of resource, e.g. `/servers/42/actions`. */
export function actionRoutes(
  { state }: Context,
  path: string,
  noun: string,
  exists: (id: string) => boolean,
): Routes {
  const of = (id?: string): Action[] =>
    state.actions.filter((action) =>
      action.resources.some((one) => one.type === noun && (id === undefined || String(one.id) === id)),
    );
  const known = (id = ""): string => {
    if (!exists(id)) throw notFound(noun);
    return id;
  };
  return {
    [`GET /${path}/actions`]: (call) => list(call, "actions", of(), OPTIONS),
    [`GET /${path}/actions/:id`]: ({ params }) => ok({ action: byId(of(), params.id ?? "", "action") }),
    [`GET /${path}/:id/actions`]: (call) => list(call, "actions", of(known(call.params.id)), OPTIONS),
    [`GET /${path}/:id/actions/:action`]: ({ params }) =>
      ok({ action: byId(of(known(params.id)), params.action ?? "", "action") }),
  };
}
