import * as pulumi from "@pulumi/pulumi";
import type { PlainBackup } from "./lib/config-rules-backup";
import type { PlainPointInTime } from "./lib/config-rules-point-in-time";
import type { PlainReports } from "./lib/config-rules-report";
import { parseConfig, type PlainConfig } from "./lib/config-rules";
import { formatFault, type Fault } from "./lib/faults";
import { writeSshFiles, type SshFiles } from "./lib/ssh-files";
import type { System } from "./lib/system";
import type { ZonePlan } from "./lib/zone-plans";

/** How to log in to the registry that serves the system's own images. */
export interface RegistryConfig {
  readonly server: string;
  readonly username: string;
  readonly password: pulumi.Output<string>;
}

/** Where backups go, when, and for how long. */
export interface BackupConfig extends Omit<PlainBackup, "reports"> {
  readonly secretAccessKey: pulumi.Output<string>;
  /** For SFTP, ends with a newline; empty without such a repository. */
  readonly sshKey: pulumi.Output<string>;
  /** Encrypts the repository. */
  readonly password: pulumi.Output<string>;
  /** Who is told. Each is secret: an address may hold a token. */
  readonly reports: Readonly<Record<keyof PlainReports | "smtpPassword", pulumi.Output<string>>>;
}

/** A stack's config, checked, with every secret as a secret output. */
export interface StackConfig {
  readonly stack: string;
  readonly system: System;
  /** Apex of the zone. */
  readonly domain: string;
  readonly serverType: string;
  readonly location: string;
  readonly serverImage: string;
  /** Hetzner's API and the token for it. */
  readonly hcloud: { readonly endpoint: string; readonly token: pulumi.Output<string> };
  /** Who may reach port 22: for Hetzner's firewall only, never for ufw. */
  readonly adminCidrs: readonly string[];
  /** Where the edge calls from. */
  readonly edgeCidrs: readonly string[];
  readonly operatorUser: string;
  /** `type base64 [comment]`. */
  readonly operatorPublicKey: string;
  /** OpenSSH or PEM, ends with a newline. */
  readonly operatorPrivateKey: pulumi.Output<string>;
  /** `ssh-ed25519 base64`, derived from the private one. */
  readonly hostPublicKey: string;
  /** OpenSSH or PEM, ends with a newline. */
  readonly hostPrivateKey: pulumi.Output<string>;
  /** Service -> image, all pinned; `proxy` is among them. */
  readonly images: Readonly<Record<string, string>>;
  /** Service -> its plain environment: the spec's under the stack's, and the hosts of its sites. */
  readonly environment: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly registry: RegistryConfig;
  /** The system's kept secrets by name. */
  readonly keptSecrets: Readonly<Record<string, pulumi.Output<string>>>;
  /** May edit the zone's records; empty where no site is acme-dns. */
  readonly acmeDnsToken: pulumi.Output<string>;
  readonly wwwRecord: "A" | "CNAME";
  /** Hosts of the zone that are not the system's and whose origins are ready for Full (strict). */
  readonly strictNeighbours: readonly string[];
  /** Cloudflare's plan of the zone. */
  readonly zonePlan: ZonePlan;
  /** Cron, server's time: when packages are upgraded. */
  readonly upgradeSchedule: string;
  /** Whether the server is restarted after that where it is due. */
  readonly upgradeReboot: boolean;
  readonly backup: BackupConfig;
  readonly pointInTime: PlainPointInTime;
  readonly protect: boolean;
  /** What a new server's empty database becomes: `auto`, `none`, or the newest copy until an RFC 3339 time. */
  readonly restore: string;
}

/** All faults of a stack's config at once; shown by the engine without a stack trace. */
export class ConfigError extends pulumi.RunError {
  constructor(
    stack: string,
    readonly faults: readonly Fault[],
  ) {
    const many = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
    super(
      `config of stack ${stack}: ${many}\n${faults.map((fault) => `  ${formatFault(fault)}`).join("\n")}`,
    );
  }
}

/**
 * Reads and checks the whole config of the current stack, before any resource exists.
 *
 * @throws ConfigError with every fault at once; none of them shows a secret.
 */
export function loadConfig(system: System): StackConfig {
  const config = readConfig(system);
  for (const warning of config.warnings) void pulumi.log.warn(warning);
  return withOutputs(config, system);
}

/**
 * Writes `.homeport/<stack>/` anew, for the docker provider and guarded steps, which run the local `ssh`.
 *
 * @throws ConfigError as {@link loadConfig} does.
 */
export function writeStackSshFiles(system: System): SshFiles {
  const config = readConfig(system);
  return writeSshFiles({
    stack: config.stack,
    user: config.operatorUser,
    operatorPrivateKey: config.secretValues.operatorPrivateKey,
    hostPublicKey: config.hostPublicKey,
  });
}

function readConfig(system: System): PlainConfig {
  const stack = pulumi.getStack();
  const raw = pulumi.runtime.allConfig();
  const parsed = parseConfig({ raw, secretKeys: secretKeys(raw), stack, system, env: process.env });
  if (!parsed.ok) throw new ConfigError(stack, parsed.faults);
  return parsed.config;
}

/** Which keys are encrypted. The SDK has the question but leaves it out of its declarations. */
function secretKeys(raw: Readonly<Record<string, string>>): Set<string> {
  const runtime = pulumi.runtime as unknown as { readonly isConfigSecret: (key: string) => boolean };
  return new Set(Object.keys(raw).filter((key) => runtime.isConfigSecret(key)));
}

function withOutputs(config: PlainConfig, system: System): StackConfig {
  const { secretValues, registry, hcloudEndpoint, ...plain } = config;
  const kept = Object.entries(secretValues.kept).map(
    ([name, value]) => [name, pulumi.secret(value)] as const,
  );
  return {
    ...plain,
    system,
    hcloud: { endpoint: hcloudEndpoint, token: pulumi.secret(secretValues.hcloudToken) },
    operatorPrivateKey: pulumi.secret(secretValues.operatorPrivateKey),
    hostPrivateKey: pulumi.secret(secretValues.hostPrivateKey),
    backup: {
      ...config.backup,
      secretAccessKey: pulumi.secret(secretValues.backup.secretAccessKey),
      sshKey: pulumi.secret(secretValues.backup.sshKey),
      password: pulumi.secret(secretValues.backup.password),
      reports: reportOutputs(config),
    },
    registry: { ...registry, password: pulumi.secret(secretValues.registryPassword) },
    keptSecrets: Object.fromEntries(kept),
    acmeDnsToken: pulumi.secret(secretValues.acmeDnsToken),
  };
}

function reportOutputs({ backup, secretValues }: PlainConfig): BackupConfig["reports"] {
  const { url, heartbeatUrl, mail, smtpServer, smtpFrom, smtpUsername } = backup.reports;
  return {
    url: pulumi.secret(url),
    heartbeatUrl: pulumi.secret(heartbeatUrl),
    mail: pulumi.secret(mail),
    smtpServer: pulumi.secret(smtpServer),
    smtpFrom: pulumi.secret(smtpFrom),
    smtpUsername: pulumi.secret(smtpUsername),
    smtpPassword: pulumi.secret(secretValues.backup.smtpPassword),
  };
}
