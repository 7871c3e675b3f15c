import { ensureTokens } from "./environment";
import type { CloudSettings } from "./settings";

interface Answer<T> {
  readonly success: boolean;
  readonly errors: readonly { readonly message: string }[];
  readonly result: T;
}

interface Named {
  readonly id: string;
}

/** The zone of a system's domain, active: a domain is bought and given to Cloudflare before any program runs. */
export async function ensureZone(settings: CloudSettings, domain: string): Promise<void> {
  const ask = asker(settings);
  const zones = await ask<Named[]>("GET", `/zones?name=${encodeURIComponent(domain)}`);
  if (zones.length > 0) return;
  const [account] = await ask<Named[]>("GET", "/accounts");
  const zone = await ask<Named>("POST", "/zones", { name: domain, account, type: "full" });
  await ask("PUT", `/zones/${zone.id}/activation_check`);
}

function asker(settings: CloudSettings) {
  const authorization = `Bearer ${ensureTokens(settings).cloudflare}`;
  return async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${settings.port}/client/v4${path}`, {
      method,
      headers: { authorization, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as Answer<T>;
    if (answer.success) return answer.result;
    throw new Error(`${method} ${path}: ${answer.errors.map(({ message }) => message).join("; ")}`);
  };
}
