import {
  CHALLENGES,
  PHASES,
  type EdgeRule,
  type EdgeRules,
  type RateLimit,
  type RuleAction,
} from "../rules/edge-rules";
import { parseExpression } from "../rules/parse";
import type { Rule } from "./ruleset";
import type { BlockParameters, RateLimitInput, RedirectParameters, SkipParameters } from "./ruleset-rules";
import type { Zone } from "./state";

/** The zone's rules as the edge wants them: read, and without those that are off. */
export function edgeRules(zone: Zone): EdgeRules {
  const phases = PHASES.flatMap((phase) => {
    const found = zone.rulesets?.find((one) => one.phase === phase);
    const rules = found?.rules.filter(({ enabled }) => enabled).map(edgeRule) ?? [];
    return rules.length > 0 ? [[phase, rules] as const] : [];
  });
  return Object.fromEntries(phases);
}

function edgeRule(rule: Rule): EdgeRule {
  return {
    id: rule.id,
    condition: parseExpression(rule.expression),
    action: actionOf(rule),
    ...(rule.ratelimit ? { limit: limitOf(rule.ratelimit) } : {}),
  };
}

function actionOf({ action, action_parameters: parameters }: Rule): RuleAction {
  if (action === "redirect") return redirectOf(parameters as RedirectParameters);
  if (action === "skip") {
    const { ruleset, phases = [] } = parameters as SkipParameters;
    return { kind: "skip", rest: ruleset === "current", phases };
  }
  if (action === "log") return { kind: "log" };
  if (CHALLENGES.some((one) => one === action)) return { kind: "challenge" };
  const response = (parameters as BlockParameters | undefined)?.response;
  if (!response) return { kind: "block" };
  const { status_code: status, content, content_type: contentType } = response;
  return { kind: "block", response: { status, content, contentType } };
}

function redirectOf({ from_value: from }: RedirectParameters): RuleAction {
  const { target_url: target, status_code: status = 302, preserve_query_string: keepQuery = false } = from;
  const expression =
    "expression" in target
      ? parseExpression(target.expression, "target")
      : ({ kind: "string", value: target.value } as const);
  return { kind: "redirect", status, target: expression, keepQuery };
}

function limitOf(limit: RateLimitInput): RateLimit {
  const {
    period,
    requests_per_period: requests,
    mitigation_timeout: timeout,
    counting_expression: text,
  } = limit;
  const counting = text ? parseExpression(text, "counting") : undefined;
  return {
    // there is one data centre: cf.colo.id is the same for everybody
    characteristics: limit.characteristics
      .filter((one) => one !== "cf.colo.id")
      .map((one) =>
        one === "ip.src" ? { kind: "field", name: one, index: [] } : parseExpression(one, "target"),
      ),
    period,
    requests,
    timeout,
    ...(counting ? { counting } : {}),
    countsReplies: JSON.stringify(counting ?? {}).includes('"http.response.'),
  };
}
