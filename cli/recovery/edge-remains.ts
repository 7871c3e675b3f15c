import { z } from "zod";
import type { System } from "../../components/lib/system";
import { rulesetPhases } from "../../components/lib/system-edge";
import type { CloudflareApi } from "../cloudflare";
import type { EdgeObject } from "./import-file";

const zone = z.object({ account: z.object({ id: z.string() }) });
const objects = z.array(
  z.object({
    id: z.string().optional(),
    sitekey: z.string().optional(),
    name: z.string(),
    phase: z.string().optional(),
    description: z.string().optional(),
  }),
);

/** Below the zone or the account, and what the import id starts with. */
const PLACES = {
  rulesets: ["cloudflare:index/ruleset:Ruleset", "/zones/ZONE/rulesets", "zones/ZONE/"],
  widgets: [
    "cloudflare:index/turnstileWidget:TurnstileWidget",
    "/accounts/ACCOUNT/challenges/widgets?per_page=1000",
    "ACCOUNT/",
  ],
  healthchecks: [
    "cloudflare:index/healthcheck:Healthcheck",
    "/zones/ZONE/healthchecks?per_page=1000",
    "ZONE/",
  ],
  policies: [
    "cloudflare:index/notificationPolicy:NotificationPolicy",
    "/accounts/ACCOUNT/alerting/v3/policies",
    "ACCOUNT/",
  ],
  webhooks: [
    "cloudflare:index/notificationPolicyWebhooks:NotificationPolicyWebhooks",
    "/accounts/ACCOUNT/alerting/v3/destinations/webhooks",
    "ACCOUNT/",
  ],
} as const;

/** What Cloudflare has of the kinds that the system's edge part makes; a system without one asks for nothing. */
export async function findEdgeObjects(
  api: CloudflareApi,
  zoneId: string,
  { edge }: Pick<System, "edge">,
): Promise<EdgeObject[]> {
  const hasMonitors = Object.keys(edge.monitors ?? {}).length > 0;
  const wanted = [
    ...(rulesetPhases(edge).length > 0 ? [PLACES.rulesets] : []),
    ...(edge.turnstile ? [PLACES.widgets] : []),
    ...(hasMonitors ? [PLACES.healthchecks, PLACES.policies, PLACES.webhooks] : []),
  ];
  if (wanted.length === 0) return [];
  const { account } = zone.parse(await api.get(`/zones/${zoneId}`));
  const fill = (text: string): string => text.replace("ZONE", zoneId).replace("ACCOUNT", account.id);
  const found = await Promise.all(
    wanted.map(async ([type, path, start]) =>
      objects.parse((await api.get(fill(path))) ?? []).map(({ id, sitekey, name, phase, description }) => ({
        ...{ type, name, importId: fill(start) + (sitekey ?? id ?? "") },
        ...(phase === undefined ? {} : { phase, description: description ?? "" }),
      })),
    ),
  );
  return found.flat();
}
