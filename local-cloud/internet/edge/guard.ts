import {
  PHASES,
  type BlockResponse,
  type EdgeRule,
  type EdgeRules,
  type Phase,
} from "../../rules/edge-rules";
import { holds, textOf, type Fields } from "../../rules/evaluate";
import { fieldsOf, type Asked } from "./fields";
import { RateLimits } from "./rate-limits";

/** What the edge answers itself, in place of the origin. */
export type Verdict =
  | { readonly kind: "redirect"; readonly status: number; readonly location: string }
  | { readonly kind: "block"; readonly rule: string; readonly response?: BlockResponse }
  | { readonly kind: "challenge"; readonly rule: string }
  | {
      readonly kind: "limit";
      readonly rule: string;
      readonly seconds: number;
      readonly response?: BlockResponse;
    };

export interface Judged {
  /** Absent when the request goes on to the origin. */
  readonly verdict?: Verdict;
  /** To be told of the origin's reply: some rate limits count by it. */
  readonly onReply?: (reply: NonNullable<Asked["reply"]>) => void;
}

/** Looks at every request with the zone's rules, and remembers who asked how often. */
export class Guard {
  private readonly limits: RateLimits;

  /** @param now in milliseconds */
  constructor(now: () => number = Date.now) {
    this.limits = new RateLimits(now);
  }

  judge(rules: EdgeRules, asked: Asked): Judged {
    const fields = fieldsOf(asked);
    const skipped = new Set<string>();
    for (const phase of PHASES) {
      if (skipped.has(phase)) continue;
      const verdict = this.phase(rules[phase] ?? [], asked, fields, skipped);
      if (verdict) return { verdict };
    }
    const counting = skipped.has("http_ratelimit" satisfies Phase) ? [] : (rules.http_ratelimit ?? []);
    const later = counting.filter(({ limit }) => limit?.countsReplies);
    if (later.length === 0) return {};
    return { onReply: (reply) => this.countReply(later, fieldsOf({ ...asked, reply })) };
  }

  private phase(
    rules: readonly EdgeRule[],
    asked: Asked,
    fields: Fields,
    skipped: Set<string>,
  ): Verdict | undefined {
    for (const rule of rules) {
      if (rule.limit) this.countRequest(rule, fields);
      if (!holds(rule.condition, fields)) continue;
      const { action } = rule;
      if (action.kind === "skip") {
        action.phases.forEach((phase) => skipped.add(phase));
        if (action.rest) return undefined;
        continue;
      }
      const seconds = rule.limit ? this.limits.waits(rule, rule.limit, fields) : undefined;
      if (seconds === 0) continue;
      const verdict = verdictOf(rule, asked, fields, seconds);
      if (verdict) return verdict;
    }
    return undefined;
  }

  private countRequest(rule: EdgeRule, fields: Fields): void {
    const { limit } = rule;
    if (!limit || limit.countsReplies) return;
    if (holds(limit.counting ?? rule.condition, fields)) this.limits.count(rule, limit, fields);
  }

  private countReply(rules: readonly EdgeRule[], fields: Fields): void {
    for (const rule of rules) {
      const { limit } = rule;
      if (limit?.counting && holds(limit.counting, fields)) this.limits.count(rule, limit, fields);
    }
  }
}

function verdictOf(
  { id: rule, action }: EdgeRule,
  { url }: Asked,
  fields: Fields,
  seconds: number | undefined,
): Verdict | undefined {
  switch (action.kind) {
    case "redirect": {
      const target = textOf(action.target, fields);
      return {
        kind: "redirect",
        status: action.status,
        location: action.keepQuery ? withQuery(target, url) : target,
      };
    }
    case "challenge":
      return { kind: "challenge", rule };
    case "block": {
      const response = action.response ? { response: action.response } : {};
      return seconds === undefined
        ? { kind: "block", rule, ...response }
        : { kind: "limit", rule, seconds, ...response };
    }
    default:
      return undefined;
  }
}

function withQuery(target: string, url: string): string {
  const at = url.indexOf("?");
  if (at < 0) return target;
  return target + (target.includes("?") ? "&" : "?") + url.slice(at + 1);
}
