import { setTimeout } from "node:timers/promises";
import { failed } from "./cli-error";
import type { StackConfig } from "./pulumi";
import { messageOf } from "./output";

const OFFICIAL = "https://api.hetzner.cloud/v1";
const TIMEOUT_MS = 15_000;
const PAGE_SIZE = 50;
const POLL_MS = 500;

export interface HetznerApi {
  readonly get: (path: string) => Promise<unknown>;
  /** Deletes and waits until the action, if there is one, has ended. */
  readonly remove: (path: string) => Promise<void>;
  /** Orders an action and waits until it has ended. */
  readonly act: (path: string, body: Readonly<Record<string, unknown>>) => Promise<void>;
}

/** The kinds that the program makes. */
export type HetznerKind = "servers" | "primary_ips" | "firewalls" | "ssh_keys";

/** One object of the API, as far as leftovers and checks look at it. */
export interface HetznerObject {
  readonly id: number;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly public_key?: string;
  readonly assignee_id?: number | null;
  readonly applied_to?: readonly { readonly server?: { readonly id: number } }[];
  readonly protection?: { readonly delete?: boolean };
  readonly location?: { readonly name: string };
  readonly public_net?: { readonly ipv4?: { readonly ip: string } | null };
}

/** The Hetzner API of this stack: token and endpoint from its config. */
export function hetznerApi(config: StackConfig): HetznerApi {
  const endpoint = (config.get("hcloud:endpoint")?.value ?? OFFICIAL).replace(/\/$/, "");
  const token = config.get("hcloud:token")?.value ?? "";
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetchOnce(`${endpoint}${path}`, method, token, body);
    if (response.status === 204) return undefined;
    const answer = (await response.json().catch(() => ({}))) as ApiAnswer;
    if (response.ok) return answer;
    throw failed(`Hetzner API: ${method} ${path}: ${describe(response.status, answer)}`);
  };
  const ended = async (what: string, answer: unknown): Promise<void> => {
    let action = (answer as { readonly action?: Action } | undefined)?.action;
    while (action?.status === "running") {
      await setTimeout(POLL_MS);
      action = ((await call("GET", `/actions/${action.id}`)) as { readonly action: Action }).action;
    }
    if (action?.status === "error") throw failed(`Hetzner API: ${what}: the action failed; fix: try again`);
  };
  return {
    get: (path) => call("GET", path),
    remove: async (path) => ended(`DELETE ${path}`, await call("DELETE", path)),
    act: async (path, body) => ended(`POST ${path}`, await call("POST", path, body)),
  };
}

/** Every object of a kind that carries the labels, all pages of it. */
export async function listLabelled(
  api: HetznerApi,
  kind: HetznerKind,
  selector: string,
): Promise<HetznerObject[]> {
  const found: HetznerObject[] = [];
  for (let page: number | null = 1; page !== null;) {
    const query = `label_selector=${encodeURIComponent(selector)}&page=${page}&per_page=${PAGE_SIZE}`;
    const answer = (await api.get(`/${kind}?${query}`)) as ListAnswer;
    found.push(...((answer[kind] ?? []) as HetznerObject[]));
    page = answer.meta?.pagination?.next_page ?? null;
  }
  return found;
}

/** Every object of each kind that carries the labels. */
export async function findLabelled(
  api: HetznerApi,
  selector: string,
): Promise<Record<HetznerKind, HetznerObject[]>> {
  const [servers, firewalls, primaryIps, sshKeys] = await Promise.all([
    listLabelled(api, "servers", selector),
    listLabelled(api, "firewalls", selector),
    listLabelled(api, "primary_ips", selector),
    listLabelled(api, "ssh_keys", selector),
  ]);
  return { servers, firewalls, primary_ips: primaryIps, ssh_keys: sshKeys };
}

interface Action {
  readonly id: number;
  readonly status: "running" | "success" | "error";
}

interface ApiAnswer {
  readonly error?: { readonly code?: string; readonly message?: string };
}

interface ListAnswer {
  readonly [kind: string]: unknown;
  readonly meta?: { readonly pagination?: { readonly next_page?: number | null } };
}

async function fetchOnce(url: string, method: string, token: string, body?: unknown): Promise<Response> {
  try {
    return await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    const cause =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : messageOf(error);
    throw failed(`Hetzner API: no answer from ${new URL(url).origin}: ${cause}; fix: try again`);
  }
}

function describe(status: number, body: ApiAnswer): string {
  const code = body.error?.code ?? `status ${status}`;
  const fix = FIXES[code];
  return `${code}: ${body.error?.message ?? "no message"}${fix === undefined ? "" : `; fix: ${fix}`}`;
}

const FIXES: Readonly<Record<string, string>> = {
  unauthorized: "pulumi config set --secret hcloud:token (a token of this project, read & write)",
  rate_limit_exceeded: "wait a minute, then try again",
  locked: "wait for the action under way, then try again",
  protected: "lift the protection in Hetzner's console first, when you mean it",
};
