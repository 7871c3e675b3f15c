import { acmeSites } from "../../components/lib/acme";
import type { KeptSecret, System } from "../../components/lib/system";
import { isSftp } from "../../components/lib/config-rules-sftp";
import type { ConfigWrite, StackConfig } from "../pulumi";

/** How one missing value comes to be. */
export type Source =
  | { readonly kind: "operator-key" }
  | { readonly kind: "operator-public-key"; readonly privateKey: string }
  | { readonly kind: "host-key" }
  | { readonly kind: "random"; readonly rule: NonNullable<KeptSecret["make"]> }
  | { readonly kind: "given"; readonly values: readonly string[] }
  | { readonly kind: "user" };

/** A config value that the stack lacks. */
export interface Need {
  readonly key: string;
  /** What it is, for a person. */
  readonly title: string;
  readonly isSecret: boolean;
  readonly isPath: boolean;
  readonly isList: boolean;
  readonly source: Source;
}

/** Values from options, environment and stdin, by config key (`homeport:secrets.NAME` for a kept secret). */
export type Given = ReadonlyMap<string, readonly string[]>;

interface UserValue {
  readonly key: string;
  readonly title: string;
  readonly isSecret: boolean;
  readonly isList?: boolean;
}

const USER_VALUES: readonly UserValue[] = [
  { key: "homeport:domain", title: "domain (apex of the Cloudflare zone)", isSecret: false },
  {
    key: "homeport:adminCidrs",
    title: "addresses that may reach SSH, e.g. 203.0.113.7/32",
    isSecret: false,
    isList: true,
  },
  { key: "hcloud:token", title: "Hetzner Cloud API token (64 characters, read & write)", isSecret: true },
  { key: "cloudflare:apiToken", title: "Cloudflare API token", isSecret: true },
  { key: "homeport:registryUsername", title: "container registry user", isSecret: false },
  { key: "homeport:registryPassword", title: "container registry token", isSecret: true },
];

const BACKUP_VALUES: readonly UserValue[] = [
  { key: "homeport:backupAccessKeyId", title: "S3 key of the server's backups", isSecret: false },
  { key: "homeport:backupSecretAccessKey", title: "its secret key", isSecret: true },
];

const SFTP_VALUES: readonly UserValue[] = [
  { key: "homeport:backupSshKey", title: "private SSH key of the server for its backups", isSecret: true },
  { key: "homeport:backupHostKey", title: "host key of the SFTP server, TYPE BASE64", isSecret: false },
];

const ACME_DNS_TOKEN: UserValue = {
  key: "homeport:acmeDnsToken",
  title: "Cloudflare API token that stays on the server: Zone → DNS → Edit for this zone alone",
  isSecret: true,
};

/** Other names under which a value may be given, in the environment or on stdin. */
export const ALIASES: Readonly<Record<string, string>> = {
  HCLOUD_TOKEN: "hcloud:token",
  CLOUDFLARE_API_TOKEN: "cloudflare:apiToken",
  KAMAL_REGISTRY_PASSWORD: "homeport:registryPassword",
  HOMEPORT_BACKUP_ACCESS_KEY_ID: "homeport:backupAccessKeyId",
  HOMEPORT_BACKUP_SECRET_ACCESS_KEY: "homeport:backupSecretAccessKey",
  HOMEPORT_BACKUP_SSH_KEY: "homeport:backupSshKey",
  HOMEPORT_ACME_DNS_TOKEN: "homeport:acmeDnsToken",
};

/** What the stack lacks, in the order in which it is made or asked for. A value that is there is never touched. */
export function planInit(config: StackConfig, system: System, given: Given): Need[] {
  const values =
    acmeSites(system.sites, ["acme-dns"]).length > 0 ? [...USER_VALUES, ACME_DNS_TOKEN] : USER_VALUES;
  return [
    ...identityNeeds(config, given),
    ...keptSecretNeeds(config, system, given),
    ...backupNeeds(config, given),
    ...values
      .filter((value) => !config.has(value.key))
      .map((value) => need(value.key, value.title, value.isSecret, fromUser(value.key, given), value.isList)),
  ];
}

/** The exact command that gives the stack a value that only the user has; Pulumi asks for it. */
export function fixCommand(missing: Need, stack: string): string {
  const kind = missing.isSecret ? " --secret" : "";
  if (missing.isList) {
    return `pulumi config set --stack ${stack} --path '${missing.key}[0]' VALUE`;
  }
  const value = missing.isSecret ? "" : " VALUE";
  const path = missing.isPath ? " --path" : "";
  return `pulumi config set --stack ${stack}${kind}${path} ${missing.key}${value}`;
}

/** The writes that store `values` for a need: a list goes in entry by entry. */
export function writesFor(target: Need, values: readonly string[]): ConfigWrite[] {
  const { key, isSecret, isPath } = target;
  if (!target.isList) return values.slice(0, 1).map((value) => ({ key, isSecret, isPath, value }));
  return values.map((value, index) => ({ key: `${key}[${index}]`, isSecret, isPath: true, value }));
}

function identityNeeds(config: StackConfig, given: Given): Need[] {
  const needs: Need[] = [];
  const privateKey = config.get("homeport:operatorPrivateKey")?.value;
  const publicKey = config.get("homeport:operatorPublicKey")?.value;
  if (privateKey !== undefined && publicKey === undefined) {
    const source: Source = { kind: "operator-public-key", privateKey };
    needs.push(need("homeport:operatorPublicKey", "operator's public key", false, source));
  }
  if (privateKey === undefined) {
    const title = "operator's private key";
    // a public key without its private half was put there by somebody: only they can complete the pair
    const made: Source = publicKey === undefined ? { kind: "operator-key" } : { kind: "user" };
    const values = given.get("homeport:operatorPrivateKey");
    const source: Source = values === undefined ? made : { kind: "given", values };
    needs.push(need("homeport:operatorPrivateKey", title, true, source));
  }
  if (!config.has("homeport:hostPrivateKey")) {
    needs.push(need("homeport:hostPrivateKey", "server's permanent host key", true, { kind: "host-key" }));
  }
  return needs;
}

/** Only a stack with a repository needs its keys; the password is made, and never again. */
function backupNeeds(config: StackConfig, given: Given): Need[] {
  if (!config.has("homeport:backupRepository")) return [];
  const key = "homeport:backupPassword";
  const values = given.get(key);
  const made: Source = values === undefined ? { kind: "random", rule: "hex:32" } : { kind: "given", values };
  const theirs = isSftp(config.get("homeport:backupRepository")?.value) ? SFTP_VALUES : BACKUP_VALUES;
  return [
    need(key, "password that encrypts the backups", true, made),
    ...theirs.map((value) => need(value.key, value.title, value.isSecret, fromUser(value.key, given))),
  ].filter((each) => !config.has(each.key));
}

function keptSecretNeeds(config: StackConfig, system: System, given: Given): Need[] {
  const present = (config.get("homeport:secrets")?.object ?? {}) as Readonly<Record<string, unknown>>;
  const overrides = (config.get("homeport:environment")?.object ?? {}) as Environments;
  return Object.entries(system.secrets).flatMap(([name, secret]) => {
    if (secret.kind !== "kept" || name in present || !isNeeded(secret, system, overrides)) return [];
    const key = `homeport:secrets.${name}`;
    const fallback: Source =
      secret.make === undefined ? { kind: "user" } : { kind: "random", rule: secret.make };
    const values = given.get(key);
    const source: Source = values === undefined ? fallback : { kind: "given", values };
    return [{ ...need(key, name, true, source), isPath: true }];
  });
}

type Environments = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A secret with conditions is needed where some service's environment, overrides included, meets them all. */
function isNeeded(secret: KeptSecret, system: System, overrides: Environments): boolean {
  if (secret.optional === true) return false;
  const conditions = Object.entries(secret.when ?? {});
  if (conditions.length === 0) return true;
  return Object.values(system.services).some((service) => {
    const environment = { ...service.environment, ...overrides[service.name] };
    return conditions.every(([name, value]) => environment[name] === value);
  });
}

function fromUser(key: string, given: Given): Source {
  const values = given.get(key);
  return values === undefined || values.length === 0 ? { kind: "user" } : { kind: "given", values };
}

function need(key: string, title: string, isSecret: boolean, source: Source, isList = false): Need {
  return { key, title, isSecret, isPath: false, isList, source };
}
