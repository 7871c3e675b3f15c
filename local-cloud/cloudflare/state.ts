import { stateFile, stateInMemory, type StateStore } from "../state-file";
import type { Policy, Sent, Webhook } from "./alerting";
import { newId } from "./envelope";
import type { Healthcheck } from "./healthchecks";
import type { PlanName } from "./plans";
import type { Ruleset } from "./ruleset";
import type { TurnstileWidget } from "./turnstile";

/** A DNS record as the API answers it (`dns-records_dns-record-response`). */
export interface DnsRecord {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly content: string;
  readonly proxiable: boolean;
  readonly proxied: boolean;
  readonly ttl: number;
  readonly priority?: number;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, boolean>>;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly comment: string | null;
  readonly tags: readonly string[];
  readonly created_on: string;
  readonly modified_on: string;
  readonly comment_modified_on?: string;
  readonly tags_modified_on?: string;
}

export interface Dnssec {
  readonly status: "active" | "disabled";
  readonly modified_on: string | null;
  readonly dnssec_multi_signer: boolean;
  readonly dnssec_presigned: boolean;
  readonly dnssec_use_nsec3: boolean;
  /** Base64 of the zone's key, algorithm 13; absent until DNSSEC is on for the first time. */
  readonly publicKey?: string;
}

export interface Zone {
  readonly id: string;
  readonly name: string;
  status: "pending" | "active";
  paused: boolean;
  type: string;
  vanity_name_servers: string[];
  readonly created_on: string;
  modified_on: string;
  activated_on: string | null;
  /** Settings that were changed; every other one has its default. */
  settings: Record<string, { value: unknown; modified_on: string }>;
  records: DnsRecord[];
  dnssec: Dnssec;
  /** @default free */
  plan?: PlanName;
  /** Entry points of the phases that have rules. @default none */
  rulesets?: Ruleset[];
  /** @default none */
  healthchecks?: Healthcheck[];
  /** The edge's certificate for the apex and one level below ("Universal SSL"). */
  certificate?: { readonly certPem: string; readonly keyPem: string };
}

export interface OriginCertificate {
  /** Serial number, decimal: what the Origin CA calls its certificates. */
  readonly id: string;
  readonly csr: string;
  readonly hostnames: readonly string[];
  readonly request_type: string;
  readonly requested_validity: number;
  readonly certificate: string;
  readonly expires_on: string;
  readonly zoneIds: readonly string[];
}

export interface State {
  readonly account: { readonly id: string; readonly name: string; readonly created_on: string };
  zones: Zone[];
  certificates: OriginCertificate[];
  widgets: TurnstileWidget[];
  policies: Policy[];
  webhooks: Webhook[];
  /** Notifications, newest last. */
  sent: Sent[];
  /** Turnstile's host, with the certificate that the edge has for it. */
  readonly challenges: Pick<Zone, "name" | "certificate">;
}

/** The account's contents. */
export type Store = StateStore<State>;

function emptyState(): State {
  const created_on = new Date().toISOString();
  return {
    account: { id: newId(), name: "Local cloud", created_on },
    zones: [],
    certificates: [],
    widgets: [],
    policies: [],
    webhooks: [],
    sent: [],
    challenges: { name: "challenges.cloudflare.com" },
  };
}

/** The account in its file. */
export function fileStore(file: string): Store {
  return stateFile(file, emptyState());
}

/** An account that ends with the process, for tests. */
export function memoryStore(): Store {
  return stateInMemory(emptyState());
}
