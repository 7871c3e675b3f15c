import type { EdgeRule, RateLimit } from "../../rules/edge-rules";
import { textOf, type Fields } from "../../rules/evaluate";

interface Counter {
  began: number;
  count: number;
  /** Until when this client has had enough. */
  until: number;
  readonly keep: number;
}

const SWEEP = 10_000; // counters, after which those that are over are forgotten

/** Who asked how often, for each rule and client. */
export class RateLimits {
  private readonly counters = new Map<string, Counter>();

  /** @param now in milliseconds */
  constructor(private readonly now: () => number = Date.now) {}

  /** Counts a request. */
  count(rule: EdgeRule, limit: RateLimit, fields: Fields): void {
    const counter = this.counterOf(rule, limit, fields);
    counter.count += 1;
    if (counter.count > limit.requests && counter.until <= this.now()) {
      counter.until = this.now() + limit.timeout * 1000;
    }
  }

  /** Seconds that a client still has to wait; 0 when it may go on. */
  waits(rule: EdgeRule, limit: RateLimit, fields: Fields): number {
    const { until, count, began } = this.counterOf(rule, limit, fields);
    if (limit.timeout === 0 && count > limit.requests)
      return Math.ceil((began - this.now()) / 1000) + limit.period;
    return Math.max(0, Math.ceil((until - this.now()) / 1000));
  }

  private counterOf(rule: EdgeRule, limit: RateLimit, fields: Fields): Counter {
    const key = JSON.stringify([rule.id, ...limit.characteristics.map((one) => textOf(one, fields))]);
    const now = this.now();
    const length = limit.period * 1000;
    const known = this.counters.get(key);
    if (known) {
      if (now - known.began < length) return known;
      // a new period begins; who had enough stays out for as long as the rule says
      Object.assign(known, { began: now, count: 0 });
      return known;
    }
    if (this.counters.size >= SWEEP) this.sweep(now);
    const fresh = { began: now, count: 0, until: 0, keep: length };
    this.counters.set(key, fresh);
    return fresh;
  }

  private sweep(now: number): void {
    for (const [key, { began, until, keep }] of this.counters) {
      if (until < now && now - began > keep) this.counters.delete(key);
    }
  }
}
