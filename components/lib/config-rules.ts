import { CLOUDFLARE_RANGES } from "./cloudflare-ranges";
import { backup, type BackupSecrets, type PlainBackup } from "./config-rules-backup";
import { CONFIG_KEYS, nearest, type ConfigKeyName } from "./config-keys";
import { ConfigReader, type ConfigInput } from "./config-reader";
import { environmentFileRules } from "./config-rules-environment-file";
import { strictNeighbours } from "./config-rules-neighbours";
import { adminCidrs, edgeCidrs } from "./config-rules-network";
import {
  environmentOverrides,
  imagesOf,
  mergedEnvironment,
  type ServiceValues,
} from "./config-rules-services";
import { acmeDnsToken, keptSecrets, registry, tokens, type PlainRegistry } from "./config-rules-secrets";
import { variableRules } from "./config-rules-variables";
import { domain, location, serverImage, serverType, upgradeSchedule, worlds } from "./config-rules-server";
import { hostKey, operatorKeys, operatorUser } from "./config-rules-ssh";
import { recovery, type RecoveryPlace } from "./config-rules-recovery";
import { pointInTime, type PlainPointInTime } from "./config-rules-point-in-time";
import type { Fault } from "./faults";
import type { System } from "./system";
import { planExcess, ZONE_PLANS, type ZonePlan } from "./zone-plans";

/** A stack's config, checked, with its secrets still as plain text: never to be handed to a resource. */
export interface PlainConfig {
  readonly stack: string;
  readonly domain: string;
  readonly serverType: string;
  readonly location: string;
  readonly serverImage: string;
  readonly adminCidrs: readonly string[];
  readonly edgeCidrs: readonly string[];
  readonly operatorUser: string;
  readonly operatorPublicKey: string;
  readonly hostPublicKey: string;
  readonly images: Readonly<Record<string, string>>;
  readonly environment: ServiceValues;
  /** What is not as it should be, and stands in nobody's way. */
  readonly warnings: readonly string[];
  readonly registry: PlainRegistry;
  readonly wwwRecord: "A" | "CNAME";
  readonly strictNeighbours: readonly string[];
  /** Cloudflare's plan of the zone: what it has not is not asked for. */
  readonly zonePlan: ZonePlan;
  readonly upgradeSchedule: string;
  readonly upgradeReboot: boolean;
  readonly backup: PlainBackup;
  readonly pointInTime: PlainPointInTime;
  readonly protect: boolean;
  /** `auto`, `none` or an RFC 3339 time. */
  readonly restore: string;
  readonly recoverLadder: readonly RecoveryPlace[];
  /** Of Hetzner's API, without a slash at its end. */
  readonly hcloudEndpoint: string;
  readonly secretValues: {
    readonly hcloudToken: string;
    readonly operatorPrivateKey: string;
    readonly hostPrivateKey: string;
    readonly registryPassword: string;
    readonly acmeDnsToken: string;
    readonly backup: BackupSecrets;
    readonly kept: Readonly<Record<string, string>>;
  };
}

export type ParsedConfig =
  | { readonly ok: true; readonly config: PlainConfig }
  | { readonly ok: false; readonly faults: readonly Fault[] };

const HETZNER_API = "https://api.hetzner.cloud/v1";

function hcloudEndpoint(reader: ConfigReader): string {
  return (reader.optional("hcloud:endpoint") ?? HETZNER_API).replace(/\/$/, "");
}

/** Checks a whole stack's config; pure, so that the command line and the tests can ask it too. */
export function parseConfig(input: ConfigInput & { readonly system: System }): ParsedConfig {
  const { system, stack } = input;
  const reader = new ConfigReader(input);
  worlds(reader, input);
  const token = tokens(reader, input);
  unknownKeys(reader, input);
  const zone = domain(reader) ?? "";
  const login = registry(reader);
  const operator = operatorKeys(reader);
  const host = hostKey(reader);
  const backups = backup(reader, system);
  const environment = mergedEnvironment(system, zone, environmentOverrides(reader, system, zone));
  const kept = keptSecrets(reader, system, environment);
  environmentFileRules(reader, system, environment, kept);
  const warnings = variableRules(reader, system, environment, kept);
  const config: PlainConfig = {
    stack,
    domain: zone,
    serverType: serverType(reader) ?? "",
    location: location(reader) ?? "",
    serverImage: serverImage(reader) ?? "",
    adminCidrs: adminCidrs(reader),
    edgeCidrs: edgeCidrs(reader) ?? CLOUDFLARE_RANGES,
    operatorUser: operatorUser(reader) ?? "",
    operatorPublicKey: operator.publicKey,
    hostPublicKey: host.publicKey,
    images: imagesOf(reader, system),
    environment,
    warnings,
    registry: login.registry,
    strictNeighbours: strictNeighbours(reader, system, zone),
    ...{ wwwRecord: wwwRecord(reader), zonePlan: zonePlan(reader, system) },
    backup: backups.backup,
    pointInTime: pointInTime(reader, backups.backup.repository),
    protect: oneOf(reader, "homeport:protect", ["true", "false"]) !== "false",
    ...{ ...upgrades(reader), ...recovery(reader) },
    hcloudEndpoint: hcloudEndpoint(reader),
    secretValues: {
      hcloudToken: token.hcloud,
      operatorPrivateKey: operator.privateKey,
      hostPrivateKey: host.privateKey,
      registryPassword: login.password,
      acmeDnsToken: acmeDnsToken(reader, system),
      backup: backups.secrets,
      kept,
    },
  };
  return reader.faults.length > 0 ? { ok: false, faults: reader.faults } : { ok: true, config };
}

function wwwRecord(reader: ConfigReader): "A" | "CNAME" {
  return oneOf(reader, "homeport:wwwRecord", ["A", "CNAME"]) ?? "A";
}

function zonePlan(reader: ConfigReader, system: System): ZonePlan {
  const key = "homeport:zonePlan";
  const plan = oneOf(reader, key, ZONE_PLANS) ?? "free";
  for (const excess of planExcess(system.edge, plan)) {
    const next = ZONE_PLANS.find((each) => planExcess(system.edge, each).length === 0);
    const fix = `merge some by "or"${next === undefined ? "" : `, or with a zone on ${next}: pulumi config set ${key} ${next}`}`;
    reader.fault(key, `be enough for the system's edge: it has ${excess}`, plan, fix);
  }
  return plan;
}

function upgrades(reader: ConfigReader): Pick<PlainConfig, "upgradeSchedule" | "upgradeReboot"> {
  return {
    upgradeSchedule: upgradeSchedule(reader) ?? "",
    upgradeReboot: oneOf(reader, "homeport:upgradeReboot", ["true", "false"]) === "true",
  };
}

function oneOf<const T extends string>(
  reader: ConfigReader,
  key: ConfigKeyName,
  allowed: readonly T[],
): T | undefined {
  const value = reader.text(key);
  const match = allowed.find((each) => each === value);
  if (value !== undefined && match === undefined) reader.fault(key, `be ${allowed.join(" or ")}`, value);
  return match;
}

function unknownKeys(reader: ConfigReader, input: ConfigInput): void {
  const known = Object.keys(CONFIG_KEYS);
  for (const key of Object.keys(input.raw)) {
    if (!key.startsWith("homeport:") || known.includes(key)) continue;
    const meant = nearest(key, known);
    const rule = `be a known key${meant === undefined ? "" : ` (did you mean ${meant}?)`}`;
    const path = `homeport:${reader.shown(key.slice("homeport:".length))}`;
    reader.describe(path, rule, "a value", `pulumi config rm ${path} --stack ${input.stack}`);
  }
}
