import { acmeDirectories } from "./acme";
import { FaultsError } from "./faults";
import { toAccessLog, type AccessLog, type AccessLogSpec } from "./system-access-log";
import type { SystemCheckSpec } from "./system-checks";
import {
  toBackupVolume,
  toDirectories,
  type BackupVolume,
  type BackupVolumeSpec,
  type FilesSpec,
  type HostDirectory,
} from "./system-files";
import { toMounts, type HostMount } from "./system-mounts";
import type { MailSpec } from "./system-mail";
import type { EdgeSpec } from "./system-edge";
import { systemFaults } from "./system-rules";
import { strategyOf } from "./system-rules-service";
import type { ComposedSecret } from "./system-secrets";
import { toSite, type ProxyKind, type Site, type SiteSpec } from "./system-sites";
import type { VariablesSpec } from "./system-variables";
import { toUnit, unitDirectories, type Unit, type UnitSpec } from "./system-units";

/** A health check as Compose has it; `test` starts with `CMD` (argv) or `CMD-SHELL` (one line for `sh -c`). */
export interface Healthcheck {
  readonly test: readonly string[];
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly retries: number;
  readonly startPeriodSeconds: number;
}

/** How a container gives way to its successor: the new one healthy first, or the old one gone first. */
export type Strategy = "start-first" | "stop-first";

/** A container, in the words of the Compose Specification. */
export interface ServiceSpec {
  /** @default none: stack config `homeport:images` then has to name it. Every image ends pinned. */
  readonly image?: string;
  /** Exact name, for stop-first services only: two containers cannot share one. @default chosen by Docker */
  readonly containerName?: string;
  /** @default the image's */
  readonly entrypoint?: readonly string[];
  /** @default the image's */
  readonly command?: readonly string[];
  /** What `homeport console` runs in the container, with the service's secrets in its environment. @default none */
  readonly console?: readonly string[];
  /**
   * Plain values, any text without NUL, line breaks included: they never pass a shell. `{domain}` stands for the
   * stack's domain.
   */
  readonly environment?: Readonly<Record<string, string>>;
  /** Receives the hosts of the sites that route here, joined by commas: what the application may be called. */
  readonly hostsVariable?: string;
  /** Names from the system's `secrets`; each becomes `/run/secrets/NAME`. */
  readonly secrets?: readonly string[];
  /**
   * Path of a file on the host, 0600 root:root, that says what the container is told, secrets too: for Compose's
   * `--env-file` and for a shell. Services that name the same one share it. @default none
   */
  readonly environmentFile?: string;
  /** The image reads `NAME_FILE` itself; otherwise an entrypoint of ours exports `NAME`. @default false */
  readonly secretFiles?: boolean;
  /** Volume name -> path in the container. */
  readonly volumes?: Readonly<Record<string, string>>;
  /** Directory of the host, of `files` or a backup's -> path in the container; `:ro` at its end for reading only. */
  readonly mounts?: Readonly<Record<string, string>>;
  /** Services that are healthy before this one starts. @default those before it in the spec; databases always are */
  readonly dependsOn?: readonly string[];
  /** `127.0.0.1:5432:5432`: bound to loopback only, since Docker publishes past the host's firewall (H5). */
  readonly ports?: readonly string[];
  /** Ports that it listens on for other services, beside those of routes: verify proves them closed outside. */
  readonly expose?: readonly number[];
  /** `uid:gid`, numeric: whom the process runs as and who owns its files in `/run/secrets`. @default the image's */
  readonly user?: string;
  readonly healthcheck?: Healthcheck;
  /** @default start-first without a volume or a writable mount, else stop-first */
  readonly strategy?: Strategy;
  /** Seconds between SIGTERM and SIGKILL. */
  readonly stopGracePeriodSeconds: number;
  /** @default no limit */
  readonly memoryMb?: number;
  /** `500MB`, `2GB`: a larger image takes nobody's place. @default no limit */
  readonly maxImageSize?: string;
}

/** `ascii` holds characters that a URL or a shell would take for its own. */
export type Alphabet = "hex" | "base64url" | "alphanumeric" | "ascii";

/** Made by the program and kept in state; harmless when new after a recreate. */
export interface GeneratedSecret {
  readonly kind: "generated";
  /** Characters. */
  readonly length: number;
  readonly alphabet: Alphabet;
}

/** Given by the user, encrypted in stack config under `homeport:secrets`: losing it loses data. */
export interface KeptSecret {
  readonly kind: "kept";
  /** Characters. @default 1 */
  readonly minLength?: number;
  /** How `homeport init` makes it: `hex:64` is 64 random bytes, 128 characters. @default only the user can */
  readonly make?: `hex:${number}` | `base64url:${number}`;
  /** Needed only where these environment values hold for some service. @default always */
  readonly when?: Readonly<Record<string, string>>;
  /** A stack may go without it. @default false */
  readonly optional?: true;
}

/** A key of the widget that `edge.turnstile` makes: Cloudflare's choice. */
export interface TurnstileSecret {
  readonly kind: "turnstile";
  readonly part: "secret" | "sitekey";
}

export type SecretSpec = GeneratedSecret | KeptSecret | ComposedSecret | TurnstileSecret;

/** A database to back up, restore and compare. */
export interface DatabaseSpec {
  readonly service: string;
  readonly name: string;
  readonly user: string;
}

/** What runs, without where and how big. */
export interface SystemSpec {
  /** Lowercase kebab; starts the physical names. */
  readonly name: string;
  readonly services: Readonly<Record<string, ServiceSpec>>;
  readonly sites: readonly SiteSpec[];
  /** In front of the sites. @default caddy */
  readonly proxy?: ProxyKind;
  /** Where the host keeps the proxy's access log. @default in its container's log alone */
  readonly accessLog?: AccessLogSpec;
  readonly secrets?: Readonly<Record<string, SecretSpec>>;
  readonly databases?: readonly DatabaseSpec[];
  /** Absolute path -> a directory of the host, made before the containers and backed up. @default none */
  readonly files?: Readonly<Record<string, FilesSpec>>;
  /** The distribution's, for operators; of `docker-compose-v2|docker-compose` the first that it has. @default none */
  readonly packages?: readonly string[];
  /** Volumes that are backed up as directories are. @default none */
  readonly backupVolumes?: readonly (string | BackupVolumeSpec)[];
  /** What variables and secrets have to be there, whatever has them. @default no rules */
  readonly variables?: VariablesSpec;
  /** Who may send mail as the domain: SPF, DKIM and DMARC records. @default nothing is said of it */
  readonly mail?: MailSpec;
  /** What `homeport verify` proves beside the general checks. @default none */
  readonly checks?: readonly SystemCheckSpec[];
  /** Rules, rate limits, redirects, Turnstile and monitors at Cloudflare. @default none */
  readonly edge?: EdgeSpec;
  /** Applications without a container, as services of systemd; sites route to them by name. @default none */
  readonly units?: Readonly<Record<string, UnitSpec>>;
}

/** A checked service: every default filled in. */
export interface Service extends ServiceSpec {
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  readonly secretFiles: boolean;
  readonly volumes: Readonly<Record<string, string>>;
  /** Of `mounts`. */
  readonly hostMounts: readonly HostMount[];
  readonly ports: readonly string[];
  readonly expose: readonly number[];
  readonly strategy: Strategy;
}

/** A checked system. */
export interface System {
  readonly name: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly sites: readonly Site[];
  readonly proxy: ProxyKind;
  readonly accessLog: AccessLog | undefined;
  readonly secrets: Readonly<Record<string, SecretSpec>>;
  readonly databases: readonly DatabaseSpec[];
  readonly files: readonly HostDirectory[];
  readonly packages: readonly string[];
  readonly backupVolumes: readonly BackupVolume[];
  readonly variables: VariablesSpec | undefined;
  readonly mail: MailSpec | undefined;
  readonly checks: readonly SystemCheckSpec[];
  readonly edge: EdgeSpec;
  readonly units: readonly Unit[];
}

/**
 * Checks a system and fills in its defaults.
 *
 * @throws FaultsError with every fault at once.
 */
export function defineSystem(spec: SystemSpec): System {
  const faults = systemFaults(spec);
  if (faults.length > 0) throw new FaultsError(`system ${JSON.stringify(spec.name)}`, faults);
  const units = Object.entries(spec.units ?? {}).map(([name, unit]) => toUnit(name, unit));
  const sites = spec.sites.map((site) => toSite(site, Object.keys(spec.units ?? {})));
  return {
    name: spec.name,
    services: Object.fromEntries(
      Object.entries(spec.services).map(([name, service]) => [name, toService(name, service)]),
    ),
    sites,
    proxy: spec.proxy ?? "caddy",
    accessLog: toAccessLog(spec.accessLog),
    secrets: spec.secrets ?? {},
    databases: spec.databases ?? [],
    files: [...toDirectories(spec.files), ...unitDirectories(units), ...acmeDirectories(sites)],
    packages: spec.packages ?? [],
    backupVolumes: (spec.backupVolumes ?? []).map(toBackupVolume),
    variables: spec.variables,
    mail: spec.mail,
    checks: spec.checks ?? [],
    edge: spec.edge ?? {},
    units,
  };
}

/** `@` and `www` under `example.org` are `example.org` and `www.example.org`. */
export function fullHostname(hostname: string, domain: string): string {
  return hostname === "@" ? domain : `${hostname}.${domain}`;
}

/** Every host of the system, redirecting ones included, apex first as the spec lists them. */
export function systemHostnames(system: System, domain: string): string[] {
  return system.sites
    .flatMap((site) => [site.hostname, ...site.redirectsFrom])
    .map((hostname) => fullHostname(hostname, domain));
}

function toService(name: string, spec: ServiceSpec): Service {
  return {
    ...spec,
    name,
    environment: spec.environment ?? {},
    secrets: spec.secrets ?? [],
    secretFiles: spec.secretFiles ?? false,
    volumes: spec.volumes ?? {},
    hostMounts: toMounts(spec),
    expose: spec.expose ?? [],
    ports: spec.ports ?? [],
    strategy: strategyOf(spec),
  };
}

export type { SystemCheckSpec } from "./system-checks";
export type { VariableRule, VariablesSpec } from "./system-variables";
export type { EdgeSpec } from "./system-edge";
export type { MailSpec } from "./system-mail";
