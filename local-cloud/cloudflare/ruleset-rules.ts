import { z } from "zod";
import { ExpressionError, type Expression } from "../rules/ast";
import type { Use } from "../rules/check";
import { CHALLENGES } from "../rules/edge-rules";
import { parseExpression } from "../rules/parse";
import { CloudflareError, type ApiError } from "./envelope";
import type { Plan } from "./plans";

const text = z.string().min(1);

const ratelimit = z.strictObject({
  characteristics: z.array(text).min(1),
  period: z.number().int(),
  requests_per_period: z.number().int().min(1),
  mitigation_timeout: z.number().int(),
  counting_expression: z.string().optional(),
  requests_to_origin: z.boolean().optional(),
});

const blockParameters = z.strictObject({
  response: z
    .strictObject({ status_code: z.number().int().min(400).max(499), content: text, content_type: text })
    .optional(),
});
const skipParameters = z
  .strictObject({
    ruleset: z.literal("current").optional(),
    phases: z
      .array(z.enum(["http_ratelimit", "http_request_firewall_managed", "http_request_sbfm"]))
      .min(1)
      .optional(),
    products: z
      .array(z.enum(["bic", "hot", "rateLimit", "securityLevel", "uaBlock", "waf", "zoneLockdown"]))
      .min(1)
      .optional(),
  })
  .refine((given) => Object.keys(given).length > 0, "it must say what to skip")
  .refine(({ ruleset, phases }) => !(ruleset && phases), "ruleset does not go with phases");
const redirectParameters = z.strictObject({
  from_value: z.strictObject({
    status_code: z.union([301, 302, 303, 307, 308].map((code) => z.literal(code))).optional(),
    preserve_query_string: z.boolean().optional(),
    target_url: z.union([z.strictObject({ value: text }), z.strictObject({ expression: text })]),
  }),
});

const common = {
  id: z.string().optional(),
  ref: text.optional(),
  expression: text,
  description: z.string().optional(),
  enabled: z.boolean().optional(),
};
const rule = z.strictObject({
  ...common,
  action: text,
  action_parameters: z.record(z.string(), z.unknown()).optional(),
  logging: z.strictObject({ enabled: z.boolean() }).optional(),
  ratelimit: ratelimit.optional(),
});

export type RuleInput = z.infer<typeof rule>;
export type RateLimitInput = z.infer<typeof ratelimit>;
export type SkipParameters = z.infer<typeof skipParameters>;
export type BlockParameters = z.infer<typeof blockParameters>;
export type RedirectParameters = z.infer<typeof redirectParameters>;

const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  http_request_firewall_custom: ["block", ...CHALLENGES, "skip", "log"],
  http_ratelimit: ["block", ...CHALLENGES, "log"],
  http_request_dynamic_redirect: ["redirect"],
};
const PARAMETERS: Readonly<Record<string, z.ZodType>> = {
  block: blockParameters.default({}),
  skip: skipParameters,
  redirect: redirectParameters,
};

/** Rules that are good for a phase and a plan; throws every fault at once. */
export function checkedRules(given: unknown, phase: string, plan: Plan, pointer = "/rules"): RuleInput[] {
  const parsed = z.array(rule).safeParse(given ?? []);
  if (!parsed.success) throw refusal(zodErrors(parsed.error, given, pointer));
  const errors = parsed.data.flatMap((one, at) => ruleErrors(one, phase, plan, `${pointer}/${at}`));
  const most = plan.rules[phase] ?? 0;
  if (parsed.data.length > most) {
    const message = `exceeded maximum number of rules in the phase ${phase}: ${parsed.data.length} out of ${most}`;
    errors.push({ code: 20_217, message, source: { pointer } });
  }
  if (errors.length > 0) throw refusal(errors);
  return parsed.data;
}

function ruleErrors(one: RuleInput, phase: string, plan: Plan, at: string): ApiError[] {
  const known = ACTIONS[phase] ?? [];
  if (!known.includes(one.action)) {
    return [invalid(one.action, "action", `it is not available in the phase ${phase}`, `${at}/action`)];
  }
  const filterPlan = phase === "http_ratelimit" ? plan : { ...plan, rateFields: undefined };
  return [
    ...expressionErrors(one.expression, "filter", "expression", filterPlan, `${at}/expression`),
    ...parameterErrors(one, filterPlan, `${at}/action_parameters`),
    ...rateErrors(one, phase, plan, `${at}/ratelimit`),
    ...(one.logging && one.action !== "skip"
      ? [invalid(one.action, "action", "logging can be configured for skip rules only", `${at}/logging`)]
      : []),
  ];
}

function parameterErrors(one: RuleInput, plan: Plan, at: string): ApiError[] {
  const schema = PARAMETERS[one.action] ?? z.strictObject({}).default({});
  const parsed = schema.safeParse(one.action_parameters);
  if (!parsed.success) return zodErrors(parsed.error, one.action_parameters, at);
  if (one.action !== "redirect") return [];
  const { target_url: target } = (parsed.data as RedirectParameters).from_value;
  const pointer = `${at}/from_value/target_url`;
  if ("expression" in target)
    return expressionErrors(target.expression, "target", "expression", plan, `${pointer}/expression`);
  return URL.canParse(target.value) || target.value.startsWith("/")
    ? []
    : [invalid(target.value, "value", "it is neither a URL nor a path", `${pointer}/value`)];
}

function rateErrors({ ratelimit: limit }: RuleInput, phase: string, plan: Plan, at: string): ApiError[] {
  if ((phase === "http_ratelimit") !== (limit !== undefined)) {
    const why = limit ? `not available in the phase ${phase}` : `required in the phase ${phase}`;
    return [{ code: 20_120, message: `ratelimit is ${why}`, source: { pointer: at } }];
  }
  if (!limit) return [];
  const { period, mitigation_timeout: timeout, counting_expression: counting } = limit;
  const allowed = (value: number, name: string, values: readonly number[]): ApiError[] =>
    values.includes(value)
      ? []
      : [
          invalid(
            value,
            name,
            `not entitled: the allowed values are [${values.join(", ")}]`,
            `${at}/${name}`,
          ),
        ];
  return [
    ...allowed(period, "period", plan.ratePeriods),
    ...allowed(timeout, "mitigation_timeout", plan.rateTimeouts),
    ...characteristicErrors(limit.characteristics, plan, `${at}/characteristics`),
    ...(counting ? countingErrors(counting, plan, `${at}/counting_expression`) : []),
  ];
}

function countingErrors(text: string, plan: Plan, at: string): ApiError[] {
  if (!plan.countingExpression) {
    return [invalid(text, "counting_expression", "not entitled: a Business plan or higher is required", at)];
  }
  return expressionErrors(text, "counting", "counting_expression", plan, at);
}

function characteristicErrors(given: readonly string[], plan: Plan, at: string): ApiError[] {
  const basic = ["cf.colo.id", "ip.src"];
  const faults = given.flatMap((one, place) => {
    if (basic.includes(one)) return [];
    if (plan.rateFields) return [invalid(one, "characteristics", "not entitled", `${at}/${place}`)];
    return expressionErrors(one, "target", "characteristics", plan, `${at}/${place}`);
  });
  if (!given.includes("cf.colo.id")) {
    faults.push(invalid(given.join(", "), "characteristics", "cf.colo.id is required", at));
  }
  return faults;
}

function expressionErrors(given: string, use: Use, field: string, plan: Plan, pointer: string): ApiError[] {
  try {
    return entitlementErrors(parseExpression(given, use), given, field, plan, pointer);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const message = `'${given}' is not a valid value for ${field} because could not parse filter expression: ${error.filterMessage}`;
    return [{ code: 20_127, message, source: { pointer } }];
  }
}

function entitlementErrors(
  expression: Expression,
  given: string,
  field: string,
  plan: Plan,
  pointer: string,
): ApiError[] {
  const used = usesOf(expression);
  const faults: string[] = [];
  if (!plan.regex && (used.has("matches") || used.has("regex_replace"))) {
    faults.push("the use of regular expressions is not allowed, a Business plan or higher is required");
  }
  if (plan.rateFields) faults.push(...foreignFields(used, plan.rateFields));
  return faults.map((why) => invalid(given, field, `not entitled: ${why}`, pointer));
}

function foreignFields(used: ReadonlySet<string>, known: readonly string[]): string[] {
  return [...used]
    .filter((name) => name.includes(".") && !known.includes(name) && !name.startsWith("http.response."))
    .map((name) => `the use of field ${name} is not allowed in rate limiting rules`);
}

/** Names of fields, functions and operators in an expression. */
function usesOf(expression: Expression): ReadonlySet<string> {
  const found = new Set<string>();
  JSON.stringify(expression, (key, value: unknown) => {
    if ((key === "name" || key === "operator") && typeof value === "string") found.add(value);
    return value;
  });
  return found;
}

function invalid(value: unknown, field: string, why: string, pointer: string): ApiError {
  return {
    code: 20_120,
    message: `'${String(value)}' is not a valid value for ${field} because ${why}`,
    source: { pointer },
  };
}

function zodErrors(error: z.ZodError, given: unknown, pointer: string): ApiError[] {
  return error.issues.map(({ path, message }) => {
    const value = path.reduce<unknown>(
      (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
      given,
    );
    const shown = typeof value === "string" ? value : JSON.stringify(value);
    const name = path.findLast((key) => typeof key === "string") ?? "rules";
    return invalid(shown, name, message.toLowerCase(), [pointer, ...path.map(String)].join("/"));
  });
}

function refusal(errors: readonly ApiError[]): CloudflareError {
  return new CloudflareError(400, ...errors);
}
