import type { PropertyTable } from "../lib";
import { Client, type ClientConfig } from "./client";

/** `ProviderArgs` of the published package. */
export const CONFIG: PropertyTable = {
  apiKey: { type: "string", secret: true },
  apiToken: { type: "string", secret: true },
  apiUserServiceKey: { type: "string", secret: true },
  baseUrl: { type: "string" },
  email: { type: "string" },
  userAgentOperatorSuffix: { type: "string" },
};

const ENVIRONMENT: Readonly<Record<keyof ClientConfig, string>> = {
  apiToken: "CLOUDFLARE_API_TOKEN",
  apiKey: "CLOUDFLARE_API_KEY",
  email: "CLOUDFLARE_EMAIL",
  apiUserServiceKey: "CLOUDFLARE_API_USER_SERVICE_KEY",
  baseUrl: "CLOUDFLARE_BASE_URL",
  userAgentOperatorSuffix: "CLOUDFLARE_USER_AGENT_OPERATOR_SUFFIX",
};

let client: Client | undefined;

/** The client that the engine's configuration set up. */
export function api(): Client {
  if (!client) throw new Error("the provider is not configured yet");
  return client;
}

/** Takes configuration, and the environment for what it leaves out. Faults name the field, never its value. */
export function configure(config: ClientConfig): void {
  const names = Object.keys(ENVIRONMENT) as (keyof ClientConfig)[];
  const given = Object.fromEntries(
    names.map((name) => [name, config[name] ?? process.env[ENVIRONMENT[name]]]).filter(([, value]) => value),
  ) as ClientConfig;
  const faults = configFaults(given);
  if (faults.length > 0) throw new Error(faults.join("; "));
  client = new Client(given);
}

// The rules of the published provider's schema.
export function configFaults({ apiToken, apiKey, email }: ClientConfig): string[] {
  return [
    apiToken &&
      !/^[0-9A-Za-z_-]{40,80}$/.test(apiToken) &&
      "cloudflare:apiToken: must be 40 to 80 of a-z, A-Z, 0-9, - and _",
    apiKey &&
      !/^[0-9A-Za-z_-]{37,60}$/.test(apiKey) &&
      "cloudflare:apiKey: must be 37 to 60 of a-z, A-Z, 0-9, - and _",
    apiKey && !email && "cloudflare:email: must be set with apiKey",
  ].filter((fault) => typeof fault === "string" && fault !== "") as string[];
}
