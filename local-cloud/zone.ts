import { ensureTokens } from "./environment";
import type { LocalProject } from "./projects";
import type { CloudSettings } from "./settings";

interface Answer<T> {
  readonly success: boolean;
  readonly errors: readonly { readonly message: string }[];
  readonly result: T;
}

interface Named {
  readonly id: string;
}

/** The zone of a system's domain, active and on its plan: both are bought before any program runs. */
export async function ensureZone(
  settings: CloudSettings,
  { domain, plan }: Pick<LocalProject, "domain" | "plan">,
): Promise<void> {
  const ask = asker(settings);
  const [found] = await ask<Named[]>("GET", `/zones?name=${encodeURIComponent(domain)}`);
  const zone = found ?? (await addZone(ask, domain));
  const subscription = `/zones/${zone.id}/subscription`;
  const { rate_plan: now } = await ask<{ rate_plan: Named }>("GET", subscription);
  if (now.id !== plan) await ask("PUT", subscription, { rate_plan: { id: plan } });
}

async function addZone(ask: Ask, domain: string): Promise<Named> {
  const [account] = await ask<Named[]>("GET", "/accounts");
  const zone = await ask<Named>("POST", "/zones", { name: domain, account, type: "full" });
  await ask("PUT", `/zones/${zone.id}/activation_check`);
  return zone;
}

type Ask = ReturnType<typeof asker>;

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
