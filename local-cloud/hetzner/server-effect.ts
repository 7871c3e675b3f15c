import type { Context } from "./context";
import { refused } from "./errors";
import type { Action, Server, ServerStatus } from "./types";

/** What an action does to a server. */
export interface Effect {
  readonly command: string;
  readonly work?: () => Promise<void>;
  readonly during?: ServerStatus;
  /** Status when done; without it the server keeps the one it has. */
  readonly status?: ServerStatus;
  readonly done?: () => void;
}

/** Starts an action that locks the server; without `status` the server keeps the one it has. */
export function begin(
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

/** 422 `server_not_stopped` unless the server is off. */
export function assertOff(server: Server): void {
  if (server.status !== "off") throw refused("server_not_stopped", "server must be powered off");
}
