import { randomBytes } from "node:crypto";
import type { ConfigInput } from "../../components/lib/config-reader";
import { parseConfig, type ParsedConfig } from "../../components/lib/config-rules";
import { formatFault } from "../../components/lib/faults";
import type { System } from "../../components/lib/system";
import { runningCalendar } from "../../systems/running-calendar";
import { keygen } from "./ssh-keys";

export const OPERATOR = keygen("-t", "ed25519");
export const HOST = keygen("-t", "ed25519");
export const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

export const SECRET_KEYS: readonly string[] = [
  "hcloud:token",
  "cloudflare:apiToken",
  "homeport:operatorPrivateKey",
  "homeport:hostPrivateKey",
  "homeport:registryPassword",
  "homeport:acmeDnsToken",
  "homeport:secrets",
  "homeport:backupSecretAccessKey",
  "homeport:backupPassword",
  "homeport:backupSshKey",
  "homeport:backupReportSmtpPassword",
  "homeport:backupReportHeartbeat",
];

/** A production config that passes, without what has a default, as the engine hands it over: lists and objects as JSON. */
export function validRaw(): Record<string, string> {
  return {
    "hcloud:token": randomBytes(32).toString("hex"),
    "cloudflare:apiToken": randomBytes(20).toString("hex"),
    "homeport:domain": "mxcorre.com",
    "homeport:adminCidrs": '["203.0.113.7/32"]',
    "homeport:operatorPublicKey": OPERATOR.publicKey,
    // `pulumi config set` strips the newline
    "homeport:operatorPrivateKey": OPERATOR.privateKey.trim(),
    "homeport:hostPrivateKey": HOST.privateKey.trim(),
    "homeport:images": JSON.stringify({ web: `ghcr.io/mxcorre/calendar@${DIGEST}`, proxy: "caddy:2.10.2" }),
    "homeport:registryUsername": "mxcorre",
    "homeport:registryPassword": `ghp_${randomBytes(18).toString("hex")}`,
    "homeport:secrets": JSON.stringify({ SECRET_KEY_BASE: randomBytes(64).toString("hex") }),
    "homeport:backupRepository": "s3:https://nbg1.your-objectstorage.com/mxcorre-backups/running-calendar",
    "homeport:backupAccessKeyId": "HOST0000000000000000",
    "homeport:backupSecretAccessKey": randomBytes(20).toString("hex"),
    "homeport:backupPassword": randomBytes(32).toString("hex"),
  };
}

/** What reports by mail need besides. */
export function mailRaw(): Record<string, string> {
  return {
    "homeport:backupReportMail": "admin@mxcorre.com",
    "homeport:backupReportSmtpServer": "smtps://mail.example:465",
    "homeport:backupReportSmtpFrom": "server@mxcorre.com",
    "homeport:backupReportSmtpUsername": "server@mxcorre.com",
    "homeport:backupReportSmtpPassword": randomBytes(16).toString("hex"),
  };
}

/** Instead of a repository on S3 one over SFTP. */
export function sftpRaw(): Record<string, string | undefined> {
  return {
    "homeport:backupRepository": "sftp://u123456-sub1@u123456.your-storagebox.de:23/backups",
    "homeport:backupAccessKeyId": undefined,
    "homeport:backupSecretAccessKey": undefined,
    "homeport:backupSshKey": OPERATOR.privateKey.trim(),
    "homeport:backupHostKey": HOST.publicKey.trim().split(" ").slice(0, 2).join(" "),
  };
}

export interface Changes extends Partial<Omit<ConfigInput, "raw">> {
  /** Laid over the valid config; `undefined` takes a key out. */
  readonly raw?: Readonly<Record<string, string | undefined>>;
  readonly system?: System;
}

/** Parses the valid config with changes. */
export function parseWith({ raw, ...input }: Changes = {}): ParsedConfig {
  const merged = Object.entries({ ...validRaw(), ...raw }).filter(([, value]) => value !== undefined);
  return parseConfig({
    raw: Object.fromEntries(merged) as Record<string, string>,
    secretKeys: new Set(SECRET_KEYS),
    stack: "prod",
    env: {},
    system: runningCalendar,
    ...input,
  });
}

/** The messages, one per fault. */
export function messages(parsed: ParsedConfig): string[] {
  return parsed.ok ? [] : parsed.faults.map(formatFault);
}
