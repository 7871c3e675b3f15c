/** What every rule of the edge says. Expressions are in Cloudflare's Rules language; Cloudflare checks them. */
interface Described {
  /** Names the rule, here and in Cloudflare's dashboard. */
  readonly description: string;
  /**
   * Which requests it is about: `starts_with(http.request.uri.path, "/admin")`. `{domain}` stands for the stack's
   * domain, `{adminCidrs}` for who may reach SSH: `ip.src in {adminCidrs}`.
   */
  readonly expression: string;
}

export type EdgeAction = "block" | "challenge" | "js_challenge" | "managed_challenge" | "log" | "skip";

/** What a skip rule spares a request: the rules after it, rate limits, or Cloudflare's managed rules. */
export type Spared = "rules" | "rateLimits" | "managedRules";

/** A custom firewall rule; the first that ends a request does. */
export interface EdgeRuleSpec extends Described {
  readonly action: EdgeAction;
  /** For `skip` alone. @default ["rules", "rateLimits"] */
  readonly spares?: readonly Spared[];
}

/** More than that many requests of one address, and the action is taken until the timeout is over. */
export interface EdgeRateLimitSpec extends Described {
  readonly requests: number;
  /** @default 10, the only one of the Free plan */
  readonly periodSeconds?: number;
  /** @default 10, the only one of the Free plan */
  readonly timeoutSeconds?: number;
  /** @default block */
  readonly action?: Exclude<EdgeAction, "skip">;
}

export interface EdgeRedirectSpec extends Described {
  /** A URL, or a path. One of `target` and `targetExpression`. */
  readonly target?: string;
  /** Makes the URL of the request: `concat("https://example.org", http.request.uri.path)`. */
  readonly targetExpression?: string;
  /** @default 301 */
  readonly status?: 301 | 302 | 303 | 307 | 308;
  /** @default true */
  readonly keepQuery?: boolean;
}

/** A widget for all of the system's hosts. Secrets of kind `turnstile` are its keys. */
export interface TurnstileSpec {
  /** @default managed */
  readonly mode?: "managed" | "non-interactive" | "invisible";
}

/** A URL that Cloudflare asks for again and again; a zone on the Free plan has none. */
export interface MonitorSpec {
  readonly path: string;
  /** As in `sites`. @default the first site's */
  readonly hostname?: string;
  /** @default 60, the shortest of the Pro plan */
  readonly intervalSeconds?: number;
  /** `200`, `2xx`. @default ["200"] */
  readonly expectedCodes?: readonly string[];
  /** Text in the answer, whatever its case. @default any */
  readonly expectedBody?: string;
}

/** Who hears that a monitor changed. */
export interface NotifySpec {
  /** `{domain}` stands for the stack's domain. @default none */
  readonly emails?: readonly string[];
  /** Name of a kept secret that holds the URL. @default none */
  readonly webhook?: string;
}

/** What Cloudflare does with requests before the server sees them, beside Full (strict). */
export interface EdgeSpec {
  readonly rules?: readonly EdgeRuleSpec[];
  readonly rateLimits?: readonly EdgeRateLimitSpec[];
  readonly redirects?: readonly EdgeRedirectSpec[];
  readonly turnstile?: TurnstileSpec;
  /** By name. */
  readonly monitors?: Readonly<Record<string, MonitorSpec>>;
  readonly notify?: NotifySpec;
}

/** A rule as a ruleset has it. */
export interface RulesetRule {
  readonly description: string;
  readonly expression: string;
  readonly enabled: true;
  readonly action: string;
  readonly actionParameters?: object;
  readonly ratelimit?: {
    readonly characteristics: string[];
    readonly period: number;
    readonly requestsPerPeriod: number;
    readonly mitigationTimeout: number;
  };
}

/** Phase of the edge -> its rules, in the order in which the edge looks at them; phases without rules are left out. */
export function rulesetPhases({
  rules = [],
  rateLimits = [],
  redirects = [],
}: EdgeSpec): [string, RulesetRule[]][] {
  const phases: [string, RulesetRule[]][] = [
    ["http_request_dynamic_redirect", redirects.map(redirectRule)],
    ["http_request_firewall_custom", rules.flatMap(firewallRules)],
    ["http_ratelimit", rateLimits.map(rateLimitRule)],
  ];
  return phases.filter(([, all]) => all.length > 0);
}

const SKIPPED_PHASES: Readonly<Partial<Record<Spared, string>>> = {
  rateLimits: "http_ratelimit",
  managedRules: "http_request_firewall_managed",
};

/** Phases and the rest of the ruleset cannot be skipped by one rule: the API takes one or the other. */
function firewallRules({ description, expression, action, spares }: EdgeRuleSpec): RulesetRule[] {
  const common = { description, expression, enabled: true, action } as const;
  if (action !== "skip") return [common];
  const spared = spares ?? ["rules", "rateLimits"];
  const phases = spared.flatMap((one) => SKIPPED_PHASES[one] ?? []);
  return [
    ...(phases.length > 0 ? [{ ...common, actionParameters: { phases } }] : []),
    ...(spared.includes("rules") ? [{ ...common, actionParameters: { ruleset: "current" } }] : []),
  ];
}

function rateLimitRule(spec: EdgeRateLimitSpec): RulesetRule {
  const { description, expression, action = "block", requests, periodSeconds, timeoutSeconds } = spec;
  return {
    ...{ description, expression, enabled: true, action },
    ratelimit: {
      // Cloudflare wants the data centre among what it counts by
      characteristics: ["cf.colo.id", "ip.src"],
      period: periodSeconds ?? 10,
      requestsPerPeriod: requests,
      mitigationTimeout: timeoutSeconds ?? 10,
    },
  };
}

function redirectRule(spec: EdgeRedirectSpec): RulesetRule {
  const { description, expression, target, targetExpression, status = 301, keepQuery = true } = spec;
  const targetUrl = target === undefined ? { expression: targetExpression ?? "" } : { value: target };
  const fromValue = { statusCode: status, preserveQueryString: keepQuery, targetUrl };
  return { description, expression, enabled: true, action: "redirect", actionParameters: { fromValue } };
}
