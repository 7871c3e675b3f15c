import type { Expression } from "./ast";

/** Phases that the edge knows, in the order in which Cloudflare runs them. */
export const PHASES = [
  "http_request_dynamic_redirect",
  "http_request_firewall_custom",
  "http_ratelimit",
] as const;
export type Phase = (typeof PHASES)[number];

export const CHALLENGES = ["managed_challenge", "js_challenge", "challenge"] as const;

/** What a rule does when its condition holds. */
export type RuleAction =
  | { readonly kind: "block"; readonly response?: BlockResponse }
  | { readonly kind: "challenge" }
  | { readonly kind: "log" }
  | { readonly kind: "skip"; readonly rest: boolean; readonly phases: readonly string[] }
  | {
      readonly kind: "redirect";
      readonly status: number;
      readonly target: Expression;
      readonly keepQuery: boolean;
    };

export interface BlockResponse {
  readonly status: number;
  readonly contentType: string;
  readonly content: string;
}

/** When a client has had enough: seconds, and requests in `period` of them. */
export interface RateLimit {
  /** What makes two requests the same client's. */
  readonly characteristics: readonly Expression[];
  readonly period: number;
  readonly requests: number;
  readonly timeout: number;
  /** Which requests count. @default those that the rule matches */
  readonly counting?: Expression;
  /** Whether `counting` asks for the reply. */
  readonly countsReplies: boolean;
}

export interface EdgeRule {
  readonly id: string;
  readonly condition: Expression;
  readonly action: RuleAction;
  readonly limit?: RateLimit;
}

export type EdgeRules = Readonly<Partial<Record<Phase, readonly EdgeRule[]>>>;
