import type { CheckFailure, PropertyTable } from "../lib";
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

/** Takes configuration that `checkConfig` let pass, and the environment for what it leaves out. */
export function configure(config: ClientConfig): void {
  client = new Client(withEnvironment(config));
}

// Patterns of the published provider's schema.
const FORMS: readonly (readonly [keyof ClientConfig, RegExp, string])[] = [
  ["apiToken", /^[0-9A-Za-z_-]{40,80}$/, "must be 40 to 80 of a-z, A-Z, 0-9, - and _"],
  ["apiKey", /^[0-9A-Za-z_-]{37,60}$/, "must be 37 to 60 of a-z, A-Z, 0-9, - and _"],
];

/** Faults name their field in the reason alone: with a property of its own, the engine would show its value. */
export function checkConfig(config: Partial<ClientConfig>): CheckFailure[] {
  const given = withEnvironment(config);
  const reasons = FORMS.flatMap(([name, form, rule]) => {
    const value: unknown = given[name];
    return typeof value === "string" && !form.test(value) ? [`cloudflare:${name}: ${rule}`] : [];
  });
  if (given.apiKey && !given.email) reasons.push("cloudflare:email: must be set together with apiKey");
  return reasons.map((reason) => ({ property: "", reason }));
}

function withEnvironment(config: Partial<ClientConfig>): ClientConfig {
  const names = Object.keys(ENVIRONMENT) as (keyof ClientConfig)[];
  const given = names.map((name) => [name, config[name] ?? process.env[ENVIRONMENT[name]]]);
  return Object.fromEntries(given.filter(([, value]) => value)) as ClientConfig;
}
