import { z } from "zod";
import type { System } from "../../components/lib/system";
import { rulesetPhases } from "../../components/lib/system-edge";
import type { CloudflareApi } from "../cloudflare";

const zone = z.object({ account: z.object({ id: z.string() }), plan: z.object({ legacy_id: z.string() }) });
const list = z.array(z.object({ id: z.string(), kind: z.string().optional(), phase: z.string().optional() }));
const ruleset = z.object({
  phase: z.string(),
  rules: z.array(z.record(z.string(), z.unknown())).default([]),
});
const widgets = z.array(z.object({ name: z.string(), sitekey: z.string() }));
const widget = z.object({ sitekey: z.string(), secret: z.string(), domains: z.array(z.string()) });
const monitors = z.array(
  z.object({
    ...{ name: z.string(), status: z.string(), suspended: z.boolean(), failure_reason: z.string().nullish() },
    address: z.string(),
    http_config: z.object({ path: z.string() }).nullish(),
  }),
);

/** What Cloudflare's API says of the edge's part of a system; what the system has not is not asked for. */
export interface RuleFacts {
  /** `free`, `pro`, `business`, `enterprise`, or what else Cloudflare calls it. */
  readonly plan: string;
  /** Phase -> its rules, in their order, as the API has them. */
  readonly phases: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
  /** @default there is none of the stack's name */
  readonly widget?: z.infer<typeof widget>;
  readonly monitors: z.infer<typeof monitors>;
}

/** @throws CliError when the API does not answer, or the token may not read it. */
export async function ruleFacts(
  api: CloudflareApi,
  zoneId: string,
  { edge }: Pick<System, "edge">,
  owner: string,
): Promise<RuleFacts> {
  const { account, plan } = zone.parse(await api.get(`/zones/${zoneId}`));
  const hasMonitors = Object.keys(edge.monitors ?? {}).length > 0 && plan.legacy_id !== "free";
  const [phases, found, checks] = await Promise.all([
    rulesetPhases(edge).length > 0 ? phaseRules(api, zoneId) : {},
    edge.turnstile ? widgetNamed(api, `/accounts/${account.id}/challenges/widgets`, owner) : undefined,
    hasMonitors ? api.get(`/zones/${zoneId}/healthchecks?per_page=1000`) : [],
  ]);
  const own = monitors.parse(checks ?? []).filter(({ name }) => name.startsWith(`${owner}-`));
  return { plan: plan.legacy_id, phases, ...(found ? { widget: found } : {}), monitors: own };
}

async function phaseRules(api: CloudflareApi, zoneId: string): Promise<RuleFacts["phases"]> {
  const all = list.parse((await api.get(`/zones/${zoneId}/rulesets`)) ?? []);
  const own = all.filter(({ kind }) => kind === "zone");
  const whole = own.map(async ({ id }) => ruleset.parse(await api.get(`/zones/${zoneId}/rulesets/${id}`)));
  return Object.fromEntries((await Promise.all(whole)).map(({ phase, rules }) => [phase, rules]));
}

async function widgetNamed(api: CloudflareApi, path: string, owner: string): Promise<RuleFacts["widget"]> {
  const all = widgets.parse((await api.get(`${path}?per_page=1000`)) ?? []);
  const found = all.find(({ name }) => name === owner);
  return found && widget.parse(await api.get(`${path}/${found.sitekey}`));
}
