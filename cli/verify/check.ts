import type { PlainConfig } from "../../components/lib/config-rules";
import type { System } from "../../components/lib/system";
import type { EdgeFacts, HostFacts, MailFacts, NameFacts, ReachFacts } from "./facts";
import type { HttpAnswer, HttpRequest } from "./http";
import type { RuleFacts } from "./rule-facts";
import type { SystemFacts } from "./system-facts";
import type { FirewallFacts, ServerFacts, SshKeyFacts, ZoneFacts } from "./api-facts";

/** What a check found. Neither text ever holds a secret. */
export type Verdict =
  | { readonly ok: true; readonly evidence: string }
  | { readonly ok: false; readonly found: string; readonly fix: string };

/** What should be there: the system, the stack's config and outputs. */
export interface Expected {
  readonly stack: string;
  readonly system: System;
  readonly config: PlainConfig;
  /** Public IPv4 of the server, the stack output `serverIp`. */
  readonly serverIp: string;
  readonly serverId: string;
  readonly serverName: string;
  readonly zoneId: string;
  /** Values that must be seen nowhere; compared here, never printed. */
  readonly secrets: readonly string[];
  /** Name -> value, as the containers have it; for requests alone. */
  readonly secretValues: Readonly<Record<string, string>>;
  readonly now: Date;
}

/** Where evidence comes from. Each source is asked once, by the first check that needs it. */
export interface Sources {
  readonly server: () => Promise<ServerFacts>;
  readonly firewalls: () => Promise<FirewallFacts>;
  readonly sshKeys: () => Promise<SshKeyFacts>;
  readonly zone: () => Promise<ZoneFacts>;
  /** The edge's part of the system, from Cloudflare's API. */
  readonly rules: () => Promise<RuleFacts>;
  readonly host: () => Promise<HostFacts>;
  readonly names: () => Promise<NameFacts>;
  readonly mail: () => Promise<MailFacts>;
  readonly edge: () => Promise<EdgeFacts>;
  readonly reach: () => Promise<ReachFacts>;
  readonly system: () => Promise<SystemFacts>;
  /** Each time anew. */
  readonly ask: (request: HttpRequest) => Promise<HttpAnswer>;
}

export interface Check {
  /** The requirement that it proves. */
  readonly id: string;
  readonly title: string;
  /** Whether the system has what is asked about. @default it has */
  readonly appliesTo?: (system: System) => boolean;
  readonly run: (sources: Sources, expected: Expected) => Promise<Verdict>;
}

export function proven(evidence: string): Verdict {
  return { ok: true, evidence };
}

export function broken(found: string, fix: string): Verdict {
  return { ok: false, found, fix };
}

/** Everything that is broken, each once, with what mends it; or everything that is proven. */
export function together(verdicts: readonly Verdict[]): Verdict {
  const faults = verdicts.filter((verdict) => !verdict.ok);
  const each = (texts: readonly string[]): string => [...new Set(texts)].join("; ");
  if (faults.length > 0)
    return broken(each(faults.map(({ found }) => found)), each(faults.map(({ fix }) => fix)));
  return proven(verdicts.flatMap((verdict) => (verdict.ok ? [verdict.evidence] : [])).join("; "));
}

/** The command that runs one step again, on the host as it is; `name` is the resource's in the program. */
export function replaceStep(name: string): string {
  return `pulumi up --replace '**::${name}'`;
}

/** For checks of databases and their backups. */
export function hasDatabase(system: System): boolean {
  return system.databases.length > 0;
}

/** A check over one source: `evaluate` is a pure function of what was found and what should be there. */
export function checkOf<K extends Exclude<keyof Sources, "ask">>(
  id: string,
  title: string,
  source: K,
  evaluate: (found: Awaited<ReturnType<Sources[K]>>, expected: Expected) => Verdict,
  appliesTo?: (system: System) => boolean,
): Check {
  return {
    ...{ id, title, appliesTo },
    run: async (sources, expected) => {
      const found = (await sources[source]()) as Awaited<ReturnType<Sources[K]>>;
      return evaluate(found, expected);
    },
  };
}
