import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run } from "./docker";
import { s3Accounts, type S3Accounts } from "./internet/object-store";
import type { CloudSettings } from "./settings";
import { installed } from "./toolchain/install";
import { layout } from "./toolchain/layout";
import { ROOT } from "./toolchain/versions";

/** The credentials of one local cloud, made once and kept in its state. */
export interface CloudTokens {
  /** 64 characters, as Hetzner's are. */
  readonly hcloud: string;
  /** 40 characters, as Cloudflare's are. */
  readonly cloudflare: string;
  /** Password of the account at ghcr.io. */
  readonly registry: string;
  /** Secret keys of the object store: of its owner, of the hosts, and of who expires backups. */
  readonly "s3-root": string;
  readonly "s3-host": string;
  readonly "s3-prune": string;
  /** Encrypts the stack's secrets. */
  readonly passphrase: string;
}

/** The cloud's tokens; missing ones are made. */
export function ensureTokens(settings: CloudSettings): CloudTokens {
  return {
    hcloud: ensureToken(settings, "hcloud", () => randomBytes(32).toString("hex")),
    cloudflare: ensureToken(settings, "cloudflare", () => randomBytes(20).toString("hex")),
    registry: ensureToken(settings, "registry", () => `ghp_${randomBytes(18).toString("hex")}`),
    "s3-root": ensureToken(settings, "s3-root", () => randomBytes(20).toString("hex")),
    "s3-host": ensureToken(settings, "s3-host", () => randomBytes(20).toString("hex")),
    "s3-prune": ensureToken(settings, "s3-prune", () => randomBytes(20).toString("hex")),
    passphrase: ensureToken(settings, "passphrase", () => randomBytes(24).toString("base64url")),
  };
}

/** The accounts of the cloud's object store. */
export function storeAccounts(settings: CloudSettings): S3Accounts {
  const tokens = ensureTokens(settings);
  return s3Accounts({ root: tokens["s3-root"], host: tokens["s3-host"], prune: tokens["s3-prune"] });
}

/** File that holds a token, readable by its owner only. */
export function tokenFile(settings: CloudSettings, name: keyof CloudTokens): string {
  return join(settings.stateDir, "tokens", name);
}

function ensureToken(settings: CloudSettings, name: keyof CloudTokens, make: () => string): string {
  const file = tokenFile(settings, name);
  if (!existsSync(file)) {
    mkdirSync(join(settings.stateDir, "tokens"), { recursive: true, mode: 0o700 });
    writeFileSync(file, make(), { mode: 0o600, flag: "wx" });
  }
  return readFileSync(file, "utf8");
}

/** The Pulumi backend of a cloud: local files, so that no account is needed and no real stack is ever in reach. */
export function backendFolder(settings: CloudSettings): string {
  return join(settings.stateDir, "backend");
}

/** What every ordinary client needs in order to talk to the local cloud instead of the real ones. */
export async function cloudEnvironment(settings: CloudSettings): Promise<Record<string, string>> {
  const tokens = ensureTokens(settings);
  const { prune } = storeAccounts(settings);
  const wanted = layout();
  const { home, bin } = wanted;
  const isBuilt = existsSync(join(bin, "pulumi"));
  mkdirSync(backendFolder(settings), { recursive: true, mode: 0o700 });
  return {
    HOMEPORT_CLOUD: settings.name,
    HCLOUD_ENDPOINT: `http://127.0.0.1:${settings.port}/v1`,
    HCLOUD_TOKEN: tokens.hcloud,
    CLOUDFLARE_BASE_URL: `http://127.0.0.1:${settings.port}/client/v4`,
    CLOUDFLARE_API_TOKEN: tokens.cloudflare,
    PULUMI_HOME: home,
    PULUMI_BACKEND_URL: `file://${backendFolder(settings)}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: tokenFile(settings, "passphrase"),
    PULUMI_STACK: settings.name,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // built where the release servers do not answer: a plugin that is missing is an error, not a long wait
    ...(installed(wanted) === "built" ? { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" } : {}),
    HOMEPORT_EDGE: settings.edge,
    HOMEPORT_DNS: settings.dns,
    HOMEPORT_CA: join(settings.stateDir, "ca", "ca.crt"),
    HOMEPORT_BACKUP_ENDPOINT: settings.s3,
    HOMEPORT_BACKUP_PRUNE_ACCESS_KEY_ID: prune.id,
    HOMEPORT_BACKUP_PRUNE_SECRET_ACCESS_KEY: prune.secret,
    HOMEPORT_REGISTRY_PUSH: await registryAddress(settings),
    PATH: [isBuilt ? [bin] : [], join(ROOT, "node_modules", ".bin"), process.env.PATH ?? ""]
      .flat()
      .join(delimiter),
  };
}

/** Where the machine itself reaches the registry that hosts know as ghcr.io; empty while it is down. */
async function registryAddress(settings: CloudSettings): Promise<string> {
  try {
    const lines = await run("docker", ["port", `${settings.prefix}-ghcr.io`, "443/tcp"]);
    return lines.split("\n")[0] ?? "";
  } catch {
    return "";
  }
}
