import { failed } from "./cli-error";
import { messageOf } from "./output";
import type { StackConfig } from "./pulumi";

const OFFICIAL = "https://api.cloudflare.com/client/v4";
const TIMEOUT_MS = 15_000;

export interface CloudflareApi {
  /** The `result` of the answer. */
  readonly get: (path: string) => Promise<unknown>;
  readonly remove: (path: string) => Promise<void>;
}

/** The Cloudflare API of this stack: token and base URL from its config. */
export function cloudflareApi(config: StackConfig): CloudflareApi {
  const base = (config.get("cloudflare:baseUrl")?.value ?? OFFICIAL).replace(/\/$/, "");
  const token = config.get("cloudflare:apiToken")?.value ?? "";
  return {
    get: (path) => call("GET", `${base}${path}`, path, token),
    remove: async (path) => {
      await call("DELETE", `${base}${path}`, path, token);
    },
  };
}

interface Envelope {
  readonly success?: boolean;
  readonly result?: unknown;
  readonly errors?: readonly { readonly code?: number; readonly message?: string }[];
}

async function call(method: string, url: string, path: string, token: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(url, { method, headers, signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
    (error: unknown) => {
      throw failed(
        `Cloudflare API: no answer from ${new URL(url).origin}: ${messageOf(error)}; fix: try again`,
      );
    },
  );
  const body = (await response.json().catch(() => ({}))) as Envelope;
  if (response.ok && body.success === true) return body.result;
  const [first] = body.errors ?? [];
  const what = `${first?.code ?? response.status}: ${first?.message ?? "no message"}`;
  const isToken = response.status === 401 || response.status === 403;
  const fix = isToken ? "pulumi config set --secret cloudflare:apiToken" : "try again";
  throw failed(`Cloudflare API: ${method} ${path.split("?")[0]}: ${what}; fix: ${fix}`);
}
