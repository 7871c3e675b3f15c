import type { CloudSettings } from "../settings";
import type { Hosts } from "../hosts/hosts";
import type { Actions } from "./actions";
import type { FirewallSync } from "./firewall-sync";
import type { State } from "./types";

/** What the resources' handlers share. */
export interface Context {
  readonly settings: CloudSettings;
  readonly state: State;
  readonly hosts: Hosts;
  readonly actions: Actions;
  readonly firewalls: FirewallSync;
  readonly now: () => Date;
  /** Told of every reverse DNS name; null when the address has none any more. */
  readonly onReverse: (address: string, name: string | null) => void;
}

export type Query = Readonly<Record<string, string | string[] | undefined>>;

export interface Call {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: unknown;
  /** Where the request went, without its query: for the `Link` header. */
  readonly url: string;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Handlers by method and path, e.g. `GET /servers/:id`. They are synchronous: what takes time is an action, so
 * that no request sees another one half done.
 */
export type Routes = Readonly<Record<string, (call: Call) => Answer>>;

export function ok(body: unknown): Answer {
  return { status: 200, body };
}

export function created(body: unknown): Answer {
  return { status: 201, body };
}

export const noContent: Answer = { status: 204 };
