import type { EdgeSpec } from "./system-edge";
import { rulesetPhases } from "./system-edge";
import { fillDomain } from "./system-environment";

/** Cloudflare's plans, each with what the one before has. */
export const ZONE_PLANS = ["free", "pro", "business", "enterprise"] as const;
export type ZonePlan = (typeof ZONE_PLANS)[number];

/** How many of each a zone may have: Cloudflare's documents on rules and on health checks, 2026-11. */
const MOST: Readonly<Record<ZonePlan, Readonly<Record<string, number>>>> = {
  free: most(5, 1, 10, 0),
  pro: most(20, 2, 25, 10),
  business: most(100, 5, 50, 50),
  enterprise: most(1000, 100, 300, 1000),
};

function most(rules: number, rateLimits: number, redirects: number, monitors: number) {
  return {
    http_request_firewall_custom: rules,
    http_ratelimit: rateLimits,
    http_request_dynamic_redirect: redirects,
    monitors,
  };
}

const NAMES: Readonly<Record<string, string>> = {
  http_request_firewall_custom: "firewall rules (a skip is two)",
  http_ratelimit: "rate limits",
  http_request_dynamic_redirect: "redirects",
  monitors: "monitors",
};

/** Whether a plan has health checks, and with them webhooks. */
export function hasMonitors(plan: ZonePlan): boolean {
  return (MOST[plan].monitors ?? 0) > 0;
}

/** What is too much for a plan, in words; monitors of a plan that has none are left out and so not among it. */
export function planExcess(edge: EdgeSpec, plan: ZonePlan): string[] {
  const monitors = hasMonitors(plan) ? Object.keys(edge.monitors ?? {}).length : 0;
  const counts = [
    ...rulesetPhases(edge).map(([phase, rules]) => [phase, rules.length] as const),
    ["monitors", monitors] as const,
  ];
  return counts.flatMap(([what, count]) => {
    const limit = MOST[plan][what] ?? 0;
    return count > limit ? [`${count} ${NAMES[what]}, of which it has ${limit}`] : [];
  });
}

/** What of a stack stands in its rules. */
export interface EdgePlace {
  readonly domain: string;
  /** Who may reach SSH: the administrators. */
  readonly adminCidrs: readonly string[];
  readonly zonePlan: ZonePlan;
}

/**
 * The edge's part for a stack: `{domain}` and `{adminCidrs}` have their values, and what a plan has not at all is left
 * out.
 */
export function edgeOf(edge: EdgeSpec, { domain, adminCidrs, zonePlan }: EdgePlace): EdgeSpec {
  const fill = (text: string): string =>
    fillDomain(text, domain).replaceAll("{adminCidrs}", `{${adminCidrs.join(" ")}}`);
  const filled = <T extends { readonly expression: string }>(all: readonly T[] = []): T[] =>
    all.map((one) => ({ ...one, expression: fill(one.expression) }));
  const { emails = [], ...notify } = edge.notify ?? {};
  const watched = {
    monitors: edge.monitors,
    notify: edge.notify && { ...notify, emails: emails.map(fill) },
  };
  return {
    ...edge,
    rules: filled(edge.rules),
    rateLimits: filled(edge.rateLimits),
    redirects: filled(edge.redirects).map((one) => ({
      ...one,
      ...(one.target === undefined ? {} : { target: fill(one.target) }),
      ...(one.targetExpression === undefined ? {} : { targetExpression: fill(one.targetExpression) }),
    })),
    ...(hasMonitors(zonePlan) ? watched : { monitors: undefined, notify: undefined }),
  };
}
