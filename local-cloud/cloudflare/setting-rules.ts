import type { Zone } from "./state";

/** What a zone setting may be and is at first, on the Free plan. */
export interface SettingRule {
  readonly initial: unknown;
  readonly accepts: (value: unknown) => boolean;
  /** Whether the plan lets it be changed. */
  readonly editable: boolean;
}

const DAY = 86_400;
const BROWSER_TTLS = [
  0,
  30,
  60,
  120,
  300,
  1200,
  1800,
  3600,
  7200,
  10_800,
  14_400,
  18_000,
  28_800,
  43_200,
  57_600,
  72_000,
  DAY,
  172_800,
  259_200,
  345_600,
  432_000,
  691_200,
  1_382_400,
  2_073_600,
  2_678_400,
  5_356_800,
  16_070_400,
  31_536_000,
];
const CHALLENGE_TTLS = [
  300,
  900,
  1800,
  2700,
  3600,
  7200,
  10_800,
  14_400,
  28_800,
  57_600,
  DAY,
  604_800,
  2_592_000,
  31_536_000,
];

function oneOf(initial: string | number, others: readonly (string | number)[], editable = true): SettingRule {
  return { initial, accepts: (value) => [initial, ...others].includes(value as string), editable };
}

const on = (editable = true): SettingRule => oneOf("on", ["off"], editable);
const off = (editable = true): SettingRule => oneOf("off", ["on"], editable);

/** Ids and values from Cloudflare's API description; first values as a new zone of today has them. */
export const SETTING_RULES: Readonly<Record<string, SettingRule>> = {
  "0rtt": off(),
  advanced_ddos: on(false),
  always_online: off(),
  always_use_https: off(),
  automatic_https_rewrites: on(),
  brotli: on(),
  browser_cache_ttl: oneOf(14_400, BROWSER_TTLS),
  browser_check: on(),
  cache_level: oneOf("aggressive", ["basic", "simplified"]),
  challenge_ttl: oneOf(1800, CHALLENGE_TTLS),
  ciphers: { initial: [], accepts: isCipherList, editable: true },
  cname_flattening: oneOf("flatten_at_root", ["flatten_all"], false),
  development_mode: off(),
  early_hints: off(),
  email_obfuscation: on(),
  h2_prioritization: oneOf("off", ["on", "custom"], false),
  hotlink_protection: off(),
  http2: on(false),
  http3: on(),
  ip_geolocation: on(),
  ipv6: on(),
  max_upload: oneOf(100, [200, 500]),
  min_tls_version: oneOf("1.0", ["1.1", "1.2", "1.3"]),
  mirage: off(false),
  opportunistic_encryption: on(),
  opportunistic_onion: on(),
  origin_error_page_pass_thru: off(false),
  polish: oneOf("off", ["lossless", "lossy"], false),
  prefetch_preload: off(false),
  privacy_pass: on(),
  proxy_read_timeout: { initial: "100", accepts: () => true, editable: false },
  pseudo_ipv4: oneOf("off", ["add_header", "overwrite_header"]),
  replace_insecure_js: on(),
  response_buffering: off(false),
  rocket_loader: off(),
  security_header: { initial: noHsts(), accepts: isSecurityHeader, editable: true },
  security_level: oneOf("medium", ["off", "essentially_off", "low", "high", "under_attack"]),
  server_side_exclude: on(),
  sort_query_string_for_cache: off(false),
  ssl: oneOf("full", ["off", "flexible", "strict"]),
  ssl_automatic_mode: oneOf("auto", ["custom"]),
  tls_1_2_only: off(),
  tls_1_3: oneOf("on", ["off", "zrt"]),
  tls_client_auth: off(),
  true_client_ip_header: off(false),
  waf: off(false),
  webp: off(false),
  websockets: on(),
};

/** All settings of a zone with their present values, as the edge follows them. */
export function settingValues(zone: Zone): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(SETTING_RULES).map(([id, rule]) => [id, zone.settings[id]?.value ?? rule.initial]),
  );
}

function noHsts(): unknown {
  const strict_transport_security = {
    enabled: false,
    max_age: 0,
    include_subdomains: false,
    preload: false,
    nosniff: false,
  };
  return { strict_transport_security };
}

function isCipherList(value: unknown): boolean {
  return (
    Array.isArray(value) && value.every((name) => typeof name === "string" && /^[A-Z0-9_-]+$/.test(name))
  );
}

function isSecurityHeader(value: unknown): boolean {
  const hsts = isObject(value) ? value.strict_transport_security : undefined;
  if (!isObject(hsts)) return false;
  return Object.entries(hsts).every(([key, member]) => {
    if (key === "max_age") return Number.isInteger(member) && (member as number) >= 0;
    return (
      ["enabled", "include_subdomains", "preload", "nosniff"].includes(key) && typeof member === "boolean"
    );
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
