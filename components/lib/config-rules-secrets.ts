import { z } from "zod";
import { acmeSites } from "./acme";
import { nearest, type ConfigKeyName } from "./config-keys";
import { hasControl, isPlaceholder, type ConfigInput, type ConfigReader } from "./config-reader";
import type { ServiceValues } from "./config-rules-services";
import { hidden } from "./faults";
import type { KeptSecret, System } from "./system";

/** A registry without its password. */
export interface PlainRegistry {
  readonly server: string;
  readonly username: string;
}

const HETZNER_TOKEN = /^[A-Za-z0-9]{64}$/;
/** Cloudflare's tokens: 40 characters for long, longer with a scannable prefix since 2025. */
const CLOUDFLARE_TOKEN = /^[A-Za-z0-9_-]{40,128}$/;
const HOST = /^(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+(:\d{1,5})?$/;
const USERNAME = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$/;
const RECORD = z.record(z.string(), z.string());

/** The two API tokens, from config or from the variable that its provider reads as well. */
export function tokens(reader: ConfigReader, input: ConfigInput): { hcloud: string } {
  const hcloud = token(
    reader,
    "hcloud:token",
    input.env.HCLOUD_TOKEN,
    HETZNER_TOKEN,
    "be 64 letters and digits",
  );
  const rule = "be an API token of 40 to 128 letters, digits, _ and -";
  token(reader, "cloudflare:apiToken", input.env.CLOUDFLARE_API_TOKEN, CLOUDFLARE_TOKEN, rule);
  return { hcloud: hcloud ?? "" };
}

function token(
  reader: ConfigReader,
  key: "hcloud:token" | "cloudflare:apiToken",
  variable: string | undefined,
  pattern: RegExp,
  rule: string,
): string | undefined {
  const inConfig = reader.optional(key) !== undefined || variable === undefined || variable === "";
  const value = inConfig ? reader.secret(key) : variable;
  if (value !== undefined && !pattern.test(value)) reader.secretFault(key, rule, hidden(value));
  return value;
}

/** What a host proves its names with, where a site is acme-dns: it stays there, so it is never the program's own. */
export function acmeDnsToken(reader: ConfigReader, system: System): string {
  const key = "homeport:acmeDnsToken";
  if (acmeSites(system.sites, ["acme-dns"]).length === 0) {
    if (reader.optional(key) !== undefined) {
      reader.describe(key, "be left out: no site is acme-dns", "a value", reader.removeCommand(key));
    }
    return "";
  }
  const value = reader.secret(key);
  if (value !== undefined && !CLOUDFLARE_TOKEN.test(value))
    reader.secretFault(key, "be an API token of 40 to 128 letters, digits, _ and -", hidden(value));
  return value ?? "";
}

/** The login of the registry that serves the system's own images (S1-6). */
export function registry(reader: ConfigReader): { registry: PlainRegistry; password: string } {
  const server = reader.text("homeport:registryServer");
  if (server !== undefined && !HOST.test(server))
    reader.fault("homeport:registryServer", "be a registry's host name like ghcr.io", server);
  const username = reader.text("homeport:registryUsername");
  if (username !== undefined && !USERNAME.test(username)) {
    reader.fault("homeport:registryUsername", "be a user name of letters, digits and . _ @ + -", username);
  }
  const password = lineSecret(reader, "homeport:registryPassword");
  return { registry: { server: server ?? "", username: username ?? "" }, password: password ?? "" };
}

function lineSecret(reader: ConfigReader, key: ConfigKeyName): string | undefined {
  const value = reader.secret(key);
  if (value === undefined || !(hasControl(value) || value.includes(" "))) return value;
  reader.secretFault(key, "be one line without spaces or control characters", hidden(value));
  return undefined;
}

/** The kept secrets that this stack needs, checked; nothing missing, nothing unknown. */
export function keptSecrets(
  reader: ConfigReader,
  system: System,
  environment: ServiceValues,
): Readonly<Record<string, string>> {
  const key = "homeport:secrets";
  const known = Object.entries(system.secrets).flatMap(([name, spec]) =>
    spec.kind === "kept" ? [[name, spec] as const] : [],
  );
  const absent = reader.optional(key) === undefined;
  if (!absent && reader.secret(key) === undefined) return {};
  const rule = "be an object of names and text";
  const values = absent ? {} : reader.structure(key, RECORD, rule);
  if (values === undefined) return {};
  for (const [name, spec] of known) {
    const needed = isNeeded(spec, environment);
    const fault = keptFault(values[name], spec, needed);
    if (fault === undefined) continue;
    const got = values[name] === undefined ? "nothing" : hidden(values[name]);
    const ask = reader.pathCommand(`${key}.${name}`, "", true);
    reader.describe(`${key}.${name}`, fault, got, spec.make ? reader.initCommand() : ask);
  }
  unknownSecrets(reader, system, Object.keys(values));
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));
}

function keptFault(value: string | undefined, spec: KeptSecret, needed: boolean): string | undefined {
  if (value === undefined || value === "") return needed ? "be set" : undefined;
  if (isPlaceholder(value)) return "be a real value, not a placeholder";
  if (hasControl(value)) return "hold no control characters or line breaks";
  const least = spec.minLength ?? 1;
  return value.length < least ? `be at least ${least} characters` : undefined;
}

function unknownSecrets(reader: ConfigReader, system: System, names: readonly string[]): void {
  for (const name of names) {
    const spec = system.secrets[name];
    if (spec?.kind === "kept") continue;
    const path = `homeport:secrets.${reader.shown(name)}`;
    const meant = nearest(name, Object.keys(system.secrets));
    const rule = spec
      ? "be left out: Homeport generates it"
      : `be a secret of the system${meant === undefined ? "" : ` (did you mean ${meant}?)`}`;
    reader.describe(path, rule, "a value", reader.removeCommand(path));
  }
}

/** A condition holds when one service has every one of its values. */
function isNeeded(spec: KeptSecret, environment: ServiceValues): boolean {
  if (spec.optional === true) return false;
  const conditions = Object.entries(spec.when ?? {});
  return Object.values(environment).some((values) =>
    conditions.every(([name, value]) => values[name] === value),
  );
}
