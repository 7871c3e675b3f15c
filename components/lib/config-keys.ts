/** What the loader knows of one config key. */
export interface ConfigKey {
  readonly secret?: true;
  readonly default?: string;
  /** A value that passes, for the command that mends a fault. Secrets have none: Pulumi prompts for them. */
  readonly example?: string;
  /** Where the example goes in a list or object. */
  readonly element?: string;
  /** The command that mends it, where `pulumi config set` is not the best one. */
  readonly fix?: string;
}

const INIT = "npx homeport init";

/** Every key that a stack may set, but for other keys of the two providers. */
export const CONFIG_KEYS = {
  "hcloud:token": { secret: true },
  "cloudflare:apiToken": { secret: true },
  "homeport:domain": { example: "acme.com" },
  "homeport:serverType": { default: "cx23", example: "cx23" },
  "homeport:location": { default: "nbg1", example: "nbg1" },
  "homeport:serverImage": { default: "ubuntu-24.04", example: "ubuntu-24.04" },
  "homeport:adminCidrs": { element: "[0]", example: "203.0.113.7/32" },
  "homeport:edgeCidrs": { element: "[0]", example: "198.51.100.0/24" },
  "homeport:operatorUser": { default: "ops", example: "ops" },
  "homeport:operatorPublicKey": { fix: INIT },
  "homeport:operatorPrivateKey": { secret: true, fix: INIT },
  "homeport:hostPrivateKey": { secret: true, fix: INIT },
  "homeport:images": { element: ".proxy", example: "caddy:2.10.2" },
  "homeport:registryServer": { default: "ghcr.io", example: "ghcr.io" },
  "homeport:registryUsername": { example: "acme" },
  "homeport:registryPassword": { secret: true },
  "homeport:acmeDnsToken": { secret: true },
  "homeport:secrets": { secret: true, fix: INIT },
  "homeport:environment": { element: ".web.NAME", example: "VALUE" },
  "homeport:wwwRecord": { default: "A", example: "A" },
  "homeport:strictNeighbours": { element: "[0]", example: "blog.acme.com" },
  "homeport:zonePlan": { default: "free", example: "pro" },
  "homeport:upgradeSchedule": { default: "0 4 * * 0", example: "'0 4 * * 0'" },
  "homeport:upgradeReboot": { default: "false", example: "true" },
  "homeport:backupRepository": { example: "s3:https://nbg1.your-objectstorage.com/BUCKET/PATH" },
  "homeport:backupAccessKeyId": { example: "KEY_ID" },
  "homeport:backupSecretAccessKey": { secret: true },
  "homeport:backupSshKey": { secret: true },
  "homeport:backupHostKey": { example: "'ssh-ed25519 AAAA…'" },
  "homeport:backupPassword": { secret: true, fix: INIT },
  "homeport:backupSchedule": { default: "0 3 * * *", example: "'0 3 * * *'" },
  "homeport:backupKeep": { element: ".daily", example: "7" },
  "homeport:backupReportUrl": { example: "https://HOST/PATH" },
  "homeport:backupReportHeartbeat": { secret: true },
  "homeport:backupReportMail": { example: "admin@acme.com" },
  "homeport:backupReportSmtpServer": { example: "smtps://HOST:465" },
  "homeport:backupReportSmtpFrom": { example: "server@acme.com" },
  "homeport:backupReportSmtpUsername": { example: "server@acme.com" },
  "homeport:backupReportSmtpPassword": { secret: true },
  "homeport:pointInTime": { element: ".every", example: "10" },
  "homeport:restore": { default: "auto", example: "auto" },
  "homeport:recoverLadder": { element: "[0].location", example: "hel1" },
  "homeport:protect": { default: "true", example: "true" },
} as const satisfies Record<string, ConfigKey>;

export type ConfigKeyName = keyof typeof CONFIG_KEYS;

/** The properties of a key, with the type of the table's rows. */
export function keyOf(name: ConfigKeyName): ConfigKey {
  return CONFIG_KEYS[name];
}

/** The candidate that a misspelt word was meant to be, or `undefined` when none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(2, Math.floor(best.candidate.length / 3))
    ? best.candidate
    : undefined;
}

/** Levenshtein's distance, one row at a time. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(b).entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
