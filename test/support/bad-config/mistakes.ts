import { DIGEST, type Changes } from "../valid-config";

/** One mistake of a user's and the exact message for it. */
export interface BadConfig extends Changes {
  readonly mistake: string;
  readonly message: string;
}

export const set = (key: string, value: string) => `pulumi config set ${key} ${value} --stack prod`;
export const setSecret = (key: string) => `pulumi config set --secret ${key} --stack prod`;
export const setPath = (path: string, value: string) =>
  `pulumi config set --path '${path}' ${value} --stack prod`;
export const remove = (path: string) => `pulumi config rm --path '${path}' --stack prod`;
export const INIT = "npx homeport init --stack prod";

export function plain(
  mistake: string,
  key: string,
  value: string | undefined,
  rule: string,
  got: string,
  fix: string,
): BadConfig {
  return { mistake, raw: { [key]: value }, message: `${key}: must ${rule}, got ${got}; fix: ${fix}` };
}

export function token(
  mistake: string,
  key: string,
  value: string | undefined,
  rule: string,
  got: string,
): BadConfig {
  return plain(mistake, key, value, rule, got, setSecret(key));
}

export function domain(
  mistake: string,
  value: string | undefined,
  rule: string,
  got = value ?? "nothing",
): BadConfig {
  return plain(mistake, "homeport:domain", value, rule, got, set("homeport:domain", "acme.com"));
}

export function server(mistake: string, key: string, value: string, rule: string, got = value): BadConfig {
  const good = { serverType: "cx23", location: "nbg1", serverImage: "ubuntu-24.04" }[key] ?? "";
  return plain(mistake, `homeport:${key}`, value, rule, got, set(`homeport:${key}`, good));
}

export function admin(
  mistake: string,
  ranges: readonly string[],
  rule: string,
  at: number,
  got = ranges[at] ?? "",
): BadConfig {
  const path = `homeport:adminCidrs[${at}]`;
  const message = `${path}: must ${rule}, got ${got}; fix: ${setPath(path, "203.0.113.7/32")}`;
  return { mistake, raw: { "homeport:adminCidrs": JSON.stringify(ranges) }, message };
}

export function edge(mistake: string, range: string, rule: string): BadConfig {
  const path = "homeport:edgeCidrs[0]";
  const message = `${path}: must ${rule}, got ${range}; fix: ${setPath(path, "198.51.100.0/24")}`;
  return { mistake, raw: { "homeport:edgeCidrs": JSON.stringify([range]) }, message };
}

export function neighbour(
  mistake: string,
  hosts: readonly string[],
  rule: string,
  at = 0,
  fix = setPath(`homeport:strictNeighbours[${at}]`, "blog.mxcorre.com"),
): BadConfig {
  const host = hosts[at] ?? "";
  const got = /^[\w.:/*-]+$/.test(host) ? host : JSON.stringify(host);
  const message = `homeport:strictNeighbours[${at}]: must ${rule}, got ${got}; fix: ${fix}`;
  return { mistake, raw: { "homeport:strictNeighbours": JSON.stringify(hosts) }, message };
}

export function user(mistake: string, value: string, rule: string, got = value): BadConfig {
  return plain(mistake, "homeport:operatorUser", value, rule, got, set("homeport:operatorUser", "ops"));
}

export function key(
  mistake: string,
  name: string,
  value: string | undefined,
  rule: string,
  got: string,
): BadConfig {
  return plain(mistake, `homeport:${name}`, value, rule, got, INIT);
}

export function hiddenLength(value: string): string {
  return `[hidden, ${value.length} characters]`;
}

export function image(mistake: string, name: string, value: string, rule: string, got = value): BadConfig {
  const path = `homeport:images.${name}`;
  const good = name === "proxy" ? "caddy:2.10.2" : "ghcr.io/OWNER/NAME@sha256:DIGEST";
  const images = { web: `ghcr.io/mxcorre/calendar@${DIGEST}`, proxy: "caddy:2.10.2", [name]: value };
  return {
    mistake,
    raw: { "homeport:images": JSON.stringify(images) },
    message: `${path}: must ${rule}, got ${got}; fix: ${setPath(path, good)}`,
  };
}

export function secret(mistake: string, value: string, rule: string): BadConfig {
  return {
    mistake,
    raw: { "homeport:secrets": JSON.stringify({ SECRET_KEY_BASE: value }) },
    message: `homeport:secrets.SECRET_KEY_BASE: must ${rule}, got ${hiddenLength(value)}; fix: ${INIT}`,
  };
}

export function variable(mistake: string, name: string, rule: string, shown = name): BadConfig {
  const path = `homeport:environment.web.${shown}`;
  return {
    mistake,
    raw: { "homeport:environment": JSON.stringify({ web: { [name]: "x" } }) },
    message: `${path}: must ${rule}, got a value; fix: ${remove(path)}`,
  };
}

export function schedule(
  mistake: string,
  value: string,
  rule: string,
  got = JSON.stringify(value),
): BadConfig {
  return plain(
    mistake,
    "homeport:upgradeSchedule",
    value,
    rule,
    got,
    set("homeport:upgradeSchedule", "'0 4 * * 0'"),
  );
}

export const FIVE = "be five cron fields with one space between them: minute hour day month weekday";
export const CONTROL = "hold no control characters or line breaks";
export const PLACEHOLDER = "be a real value, not a placeholder";
export const HETZNER = "be 64 letters and digits";
export const DOMAIN = "be a domain name of letters, digits, - and .";
export const HOST_NAME = "be a host name of letters, digits, -, _ and .";
export const RANGE = "be an address range like 203.0.113.7/32";
export const LINE =
  "be one OpenSSH line of ed25519, ecdsa or rsa, without options: ssh-ed25519 AAAA… comment";
export const ACCOUNT = "be a unix account name: a-z first, then a-z 0-9 _ -, at most 31 characters";
export const REFERENCE = "be an image reference: host/name:tag or host/name@sha256:…";
export const ENVIRONMENT_SHELL = "open a new shell, without the exports of local:env";
