import { cronFault } from "./cron";
import type { ConfigInput, ConfigReader } from "./config-reader";
import { nearest } from "./config-keys";
import { IMAGES } from "./server-image";

const LABEL = "(?!-)[a-z0-9-]{1,63}(?<!-)";
const DOMAIN = new RegExp(`^(${LABEL}\\.)+(?!\\d+$)${LABEL}$`);
const LONGEST_DOMAIN = 253;
/** Suffixes of two labels under which names are registered; a short list of the common ones, not the public one. */
const TWO_LABEL_SUFFIX = /^(co|com|org|net|ac|gov|edu|or|ne)\.[a-z]{2}$/;
const RESERVED_DOMAIN =
  /(^|\.)(localhost|local|internal|invalid|test|onion|arpa|example|example\.(com|net|org))$/;

/** Hetzner's locations: GET /v1/locations, 2026-11. */
const LOCATIONS = ["ash", "fsn1", "hel1", "hil", "nbg1", "sin"];
const SERVER_TYPE = /^(cx|cpx|cax|ccx)\d{2}$/;
/** Types that can no longer be ordered: https://docs.hetzner.cloud/changelog, and what took their place. */
const RETIRED_TYPE = /^(cx[1-5]1|cx[2-5]2|cpx[1-5]1|ccx[1-6][12])$/;
const IMAGE = /^(ubuntu|debian)-\d{1,2}(\.\d{2})?$/;

/** The apex of the zone, in ASCII. */
export function domain(reader: ConfigReader): string | undefined {
  const key = "homeport:domain";
  const value = reader.text(key);
  if (value === undefined) return undefined;
  const rule = domainFault(value);
  if (rule !== undefined) reader.fault(key, rule, value);
  return value;
}

/** In order: the first that does not hold is told. */
const DOMAIN_RULES: readonly { readonly rule: string; readonly holds: (domain: string) => boolean }[] = [
  { rule: "be a domain without scheme or path", holds: (domain) => !domain.includes("/") },
  { rule: "be lowercase", holds: (domain) => domain === domain.toLowerCase() },
  {
    rule: "be ASCII: write an international name as punycode, xn--…",
    holds: (domain) => !/[^\x20-\x7e]/.test(domain),
  },
  { rule: "have no dot at its end", holds: (domain) => !domain.endsWith(".") },
  {
    rule: "be a domain name of letters, digits, - and .",
    holds: (domain) => DOMAIN.test(domain) && domain.length <= LONGEST_DOMAIN,
  },
  { rule: "be a domain that can be registered", holds: (domain) => !RESERVED_DOMAIN.test(domain) },
  { rule: "be the apex of the zone, not a host in it", holds: isApex },
];

/** The rule that a domain breaks; undefined for one that a stack can have. */
export function domainFault(domain: string): string | undefined {
  return DOMAIN_RULES.find(({ holds }) => !holds(domain))?.rule;
}

function isApex(domain: string): boolean {
  const labels = domain.split(".");
  return labels.length === (TWO_LABEL_SUFFIX.test(labels.slice(-2).join(".")) ? 3 : 2);
}

export function location(reader: ConfigReader): string | undefined {
  const key = "homeport:location";
  const value = reader.text(key);
  const rule = value === undefined ? undefined : locationFault(value);
  if (rule === undefined) return value;
  reader.fault(key, rule, value);
  return undefined;
}

/** The rule that a location breaks, if any. */
export function locationFault(location: string): string | undefined {
  return LOCATIONS.includes(location) ? undefined : `be one of Hetzner's locations: ${LOCATIONS.join(" ")}`;
}

export function serverType(reader: ConfigReader): string | undefined {
  const key = "homeport:serverType";
  const value = reader.text(key);
  if (value === undefined) return undefined;
  const rule = serverTypeFault(value);
  if (rule !== undefined) reader.fault(key, rule, value);
  return value;
}

/** The rule that a server type breaks, if any. */
export function serverTypeFault(serverType: string): string | undefined {
  if (!SERVER_TYPE.test(serverType)) return "be a server type like cx23, cpx22, cax11 or ccx13";
  return RETIRED_TYPE.test(serverType) ? "be a type that can still be ordered" : undefined;
}

export function serverImage(reader: ConfigReader): string | undefined {
  const key = "homeport:serverImage";
  const value = reader.text(key);
  if (value === undefined || IMAGES.includes(value)) return value;
  if (!IMAGE.test(value)) {
    reader.fault(key, "be a system image of Hetzner's like ubuntu-24.04", value);
  } else {
    const why = /^ubuntu-\d*[13579]\.|\.10$/.test(value)
      ? ": this one is no LTS release and is at its end (H8)"
      : "";
    reader.fault(key, `be one that is supported here, ${IMAGES.join(" ")}${why}`, value);
  }
  return undefined;
}

export function upgradeSchedule(reader: ConfigReader): string | undefined {
  const key = "homeport:upgradeSchedule";
  const value = reader.text(key);
  if (value === undefined) return undefined;
  const rule = cronFault(value);
  if (rule !== undefined) reader.fault(key, rule, value);
  return value;
}

/** Endpoints of the two APIs, where stack config and environment must agree on the world. */
const ENDPOINTS = [
  { key: "hcloud:endpoint", variable: "HCLOUD_ENDPOINT" },
  { key: "cloudflare:baseUrl", variable: "CLOUDFLARE_BASE_URL" },
] as const;
const PROVIDER_KEYS = {
  hcloud: ["endpoint", "pollFunction", "pollInterval", "token"],
  cloudflare: ["apiToken", "baseUrl"],
} as const;
const LOOPBACK_URL = /^http:\/\/127\.0\.0\.1:\d{1,5}(\/[\w/]*)?$/;

/**
 * A stack is of the real clouds or of a local one, as a whole: the providers read an endpoint from the environment
 * too, so a shell that still has a local cloud's exports must not run a real stack, nor keep its state there.
 */
export function worlds(reader: ConfigReader, input: ConfigInput): void {
  const local = ENDPOINTS.filter(({ key }) => reader.optional(key) !== undefined);
  for (const { key } of local) {
    const value = reader.optional(key) ?? "";
    if (/^https:\/\/[\w.:/-]+$/.test(value) || LOOPBACK_URL.test(value)) continue;
    reader.faultAt(
      key,
      "be an https URL, or http on 127.0.0.1",
      value,
      `pulumi config rm ${key} --stack ${input.stack}`,
    );
  }
  if (local.length === 1) {
    const missing = ENDPOINTS.find(({ key }) => reader.optional(key) === undefined)?.key ?? "";
    reader.faultAt(
      missing,
      `be set where ${local[0]?.key} is: both clouds are real or both are local`,
      "",
      "npm run local",
    );
  }
  if (local.length === 0) realWorld(reader, input);
  providerKeys(reader, input);
}

function realWorld(reader: ConfigReader, input: ConfigInput): void {
  const leave = "open a new shell, without the exports of local:env";
  for (const { variable } of ENDPOINTS) {
    const value = input.env[variable];
    if (value === undefined || value === "") continue;
    reader.faultAt(variable, `not be in the environment of real stack ${input.stack}`, value, leave);
  }
  const backend = input.env.PULUMI_BACKEND_URL ?? "";
  if (backend.startsWith("file://") && /\/local(-[a-z0-9]{1,8})?\/backend\/?$/.test(backend)) {
    reader.faultAt(
      "PULUMI_BACKEND_URL",
      `not keep real stack ${input.stack} in a local cloud's state`,
      backend,
      leave,
    );
  }
}

function providerKeys(reader: ConfigReader, input: ConfigInput): void {
  for (const key of Object.keys(input.raw)) {
    const [provider = "", name = ""] = key.split(":");
    const known: readonly string[] | undefined =
      provider in PROVIDER_KEYS ? PROVIDER_KEYS[provider as "hcloud"] : undefined;
    if (known === undefined || known.includes(name)) continue;
    const meant = nearest(name, known);
    const rule = `be one of ${provider}'s keys that Homeport uses${meant === undefined ? "" : ` (did you mean ${provider}:${meant}?)`}`;
    const path = `${provider}:${reader.shown(name)}`;
    reader.describe(path, rule, "a value", `pulumi config rm ${path} --stack ${input.stack}`);
  }
}
