import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { EdgeRules } from "../rules/edge-rules";

/** A DNS record of a zone, `name` fully qualified, `content` as Cloudflare's API shows it. */
export interface InternetRecord {
  readonly name: string;
  readonly type: string;
  readonly content: string;
  readonly proxied: boolean;
  /** Seconds; 1 is Cloudflare's "automatic". */
  readonly ttl: number;
  readonly priority?: number;
}

/** What the edge answers for on Turnstile's host. */
export interface InternetTurnstile {
  readonly certificate: { readonly certPem: string; readonly keyPem: string };
  readonly widgets: readonly {
    readonly sitekey: string;
    readonly domains: readonly string[];
    /** `until` in milliseconds since 1970. @default for ever */
    readonly secrets: readonly { readonly secret: string; readonly until?: number }[];
  }[];
}

/** A health check as the edge does it. */
export interface InternetHealthcheck {
  readonly id: string;
  readonly type: "HTTP" | "HTTPS" | "TCP";
  readonly address: string;
  readonly port: number;
  /** Seconds. */
  readonly interval: number;
  /** Seconds. */
  readonly timeout: number;
  readonly retries: number;
  readonly consecutiveFails: number;
  readonly consecutiveSuccesses: number;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** `200`, `2xx`. */
  readonly codes: readonly string[];
  /** Text that the reply has, whatever its case. */
  readonly body: string;
  readonly insecure: boolean;
  readonly followRedirects: boolean;
}

export interface InternetZone {
  readonly name: string;
  /** `ssl`, `always_use_https`, `min_tls_version`, …: values as in Cloudflare's API. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly records: readonly InternetRecord[];
  /** What its rulesets say, phase by phase, in the order in which the edge looks at them. @default none */
  readonly rules?: EdgeRules;
  /** Edge certificate of the zone: apex and one level below it. */
  readonly certificate: { readonly certPem: string; readonly keyPem: string };
}

/** What the resolver and the edge serve. The APIs write it, the two read it. */
export interface InternetConfig {
  /** Address that proxied names resolve to. */
  readonly edge: string;
  /** Resolver for every name that is not ours. */
  readonly upstream: string;
  /** Names outside the zones that this cloud answers itself: registries. */
  readonly names: Readonly<Record<string, string>>;
  /** Reverse DNS: address -> name. */
  readonly reverse: Readonly<Record<string, string>>;
  /** PEM bundle that strict verification of an origin trusts. */
  readonly originTrust: string;
  readonly zones: readonly InternetZone[];
  /** @default nobody answers on its host */
  readonly turnstile?: InternetTurnstile;
  /** Of all zones. @default none */
  readonly healthchecks?: readonly InternetHealthcheck[];
}

const EMPTY: InternetConfig = { edge: "", upstream: "", names: {}, reverse: {}, originTrust: "", zones: [] };
const LOCK_PATIENCE = 5_000; // ms; a change takes a few, so an older lock was left by a killed process

/** The folder that the resolver and the edge see. A folder, since a mounted file outlives its replacement. */
export function internetFolder(stateDir: string): string {
  return join(stateDir, "internet");
}

/** The folder that the edge alone writes: what came of health checks. */
export function edgeReports(stateDir: string): string {
  return join(stateDir, "edge-reports");
}

/** The configuration as it is now; an empty one before the first change. */
export function readInternet(stateDir: string): InternetConfig {
  return new InternetFile(join(internetFolder(stateDir), "config.json")).current();
}

/** Replaces the configuration by `change(configuration)`: whole or not at all, and no writer loses another's. */
export function updateInternet(stateDir: string, change: (config: InternetConfig) => InternetConfig): void {
  const folder = internetFolder(stateDir);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const unlock = lock(join(folder, "config.lock"));
  try {
    const before = readInternet(stateDir);
    const after = change(before);
    if (JSON.stringify(after) === JSON.stringify(before)) return;
    const draft = join(folder, "config.json.draft");
    const file = openSync(draft, "w", 0o600); // it holds the zones' keys
    writeSync(file, JSON.stringify(after, null, 1) + "\n");
    closeSync(file);
    renameSync(draft, join(folder, "config.json"));
  } finally {
    unlock();
  }
}

function lock(path: string): () => void {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      closeSync(openSync(path, "wx", 0o600));
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
      if (age > LOCK_PATIENCE) rmSync(path, { force: true });
      else Atomics.wait(cell, 0, 0, 5);
    }
  }
}

/** The configuration file, looked at on every use: a change holds for the very next request. */
export class InternetFile {
  private config = EMPTY;
  private version = "";

  constructor(private readonly path: string) {}

  /** The configuration as it is now; the last good one while the file can't be read. */
  current(): InternetConfig {
    const stat = statSync(this.path, { throwIfNoEntry: false, bigint: true });
    const version = stat ? `${stat.ino} ${stat.mtimeNs} ${stat.size}` : "";
    if (stat && version !== this.version) {
      try {
        this.config = {
          ...EMPTY,
          ...(JSON.parse(readFileSync(this.path, "utf8")) as Partial<InternetConfig>),
        };
        this.version = version;
      } catch {
        // not whole: whoever writes it otherwise than by updateInternet will finish
      }
    }
    return this.config;
  }
}

/** The zone that a name belongs to: the longest one that it ends with. */
export function zoneOf(config: InternetConfig, name: string): InternetZone | undefined {
  const inside = (zone: InternetZone): boolean => name === zone.name || name.endsWith(`.${zone.name}`);
  return [...config.zones].filter(inside).sort((a, b) => b.name.length - a.name.length)[0];
}
