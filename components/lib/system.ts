import { FaultsError } from "./faults";
import { systemFaults } from "./system-rules";
import { strategyOf } from "./system-rules-service";

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
  /** Plain values, any text without NUL, line breaks included: they never pass a shell. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Receives the hosts of the sites that route here, joined by commas: what the application may be called. */
  readonly hostsVariable?: string;
  /** Names from the system's `secrets`; each becomes `/run/secrets/NAME`. */
  readonly secrets?: readonly string[];
  /** The image reads `NAME_FILE` itself; otherwise an entrypoint of ours exports `NAME`. @default false */
  readonly secretFiles?: boolean;
  /** Volume name -> path in the container. */
  readonly volumes?: Readonly<Record<string, string>>;
  /** `127.0.0.1:5432:5432`: bound to loopback only, since Docker publishes past the host's firewall (H5). */
  readonly ports?: readonly string[];
  /** `uid:gid`, numeric: whom the process runs as and who owns its files in `/run/secrets`. @default the image's */
  readonly user?: string;
  readonly healthcheck?: Healthcheck;
  /** @default start-first without a volume, else stop-first */
  readonly strategy?: Strategy;
  /** Seconds between SIGTERM and SIGKILL. */
  readonly stopGracePeriodSeconds: number;
  /** @default no limit */
  readonly memoryMb?: number;
}

/** One site: a host of the zone and what answers under it. */
export interface SiteSpec {
  /** `@` for the apex, or a single label: Universal SSL covers one level. */
  readonly hostname: string;
  /** Hosts that redirect here. @default none */
  readonly aliases?: readonly { readonly hostname: string; readonly redirect: true }[];
  /** Path prefix -> `service:port`. */
  readonly routes: Readonly<Record<string, string>>;
  /** Largest request body. @default 100, the edge's own limit */
  readonly maxBodyMb?: number;
}

export type Alphabet = "hex" | "base64url" | "alphanumeric";

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
}

export type SecretSpec = GeneratedSecret | KeptSecret;

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
  readonly secrets?: Readonly<Record<string, SecretSpec>>;
  readonly databases?: readonly DatabaseSpec[];
}

/** A checked service: every default filled in. */
export interface Service extends ServiceSpec {
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  readonly secretFiles: boolean;
  readonly volumes: Readonly<Record<string, string>>;
  readonly ports: readonly string[];
  readonly strategy: Strategy;
}

export interface Route {
  readonly path: string;
  readonly service: string;
  readonly port: number;
}

/** A checked site: routes longest path first. */
export interface Site {
  readonly hostname: string;
  readonly redirectsFrom: readonly string[];
  readonly routes: readonly Route[];
  readonly maxBodyMb: number;
}

/** A checked system. */
export interface System {
  readonly name: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly sites: readonly Site[];
  readonly secrets: Readonly<Record<string, SecretSpec>>;
  readonly databases: readonly DatabaseSpec[];
}

const EDGE_BODY_LIMIT_MB = 100;

/**
 * Checks a system and fills in its defaults.
 *
 * @throws FaultsError with every fault at once.
 */
export function defineSystem(spec: SystemSpec): System {
  const faults = systemFaults(spec);
  if (faults.length > 0) throw new FaultsError(`system ${JSON.stringify(spec.name)}`, faults);
  return {
    name: spec.name,
    services: Object.fromEntries(
      Object.entries(spec.services).map(([name, service]) => [name, toService(name, service)]),
    ),
    sites: spec.sites.map(toSite),
    secrets: spec.secrets ?? {},
    databases: spec.databases ?? [],
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
    ports: spec.ports ?? [],
    strategy: strategyOf(spec),
  };
}

function toSite(spec: SiteSpec): Site {
  const routes = Object.entries(spec.routes).map(([path, target]) => {
    const [service, port] = target.split(":") as [string, string];
    return { path, service, port: Number(port) };
  });
  return {
    hostname: spec.hostname,
    redirectsFrom: (spec.aliases ?? []).map((alias) => alias.hostname),
    routes: routes.sort((a, b) => b.path.length - a.path.length),
    maxBodyMb: spec.maxBodyMb ?? EDGE_BODY_LIMIT_MB,
  };
}
