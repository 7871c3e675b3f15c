import type { Webhook, Sent, Policy } from "./alerting";
import type { CloudflareDeps } from "./deps";
import { newId } from "./envelope";
import type { Healthcheck } from "./healthchecks";
import type { Zone } from "./state";

const KEPT = 200;

/** What the edge found of a health check. */
export interface Found {
  readonly id: string;
  readonly status: "healthy" | "unhealthy";
  readonly failure_reason: string;
}

/** Takes over what the edge found, and sends the notifications of what changed; a first "healthy" is no news. */
export async function applyHealth(deps: CloudflareDeps, found: readonly Found[]): Promise<void> {
  for (const zone of deps.store.state.zones) {
    for (const check of zone.healthchecks ?? []) {
      const now = found.find(({ id }) => id === check.id);
      if (!now || check.suspended || now.status === check.status) continue;
      const next = { ...check, status: now.status, failure_reason: now.failure_reason };
      zone.healthchecks = zone.healthchecks?.map((one) => (one.id === check.id ? next : one));
      deps.store.save();
      if (check.status !== "unknown" || now.status === "unhealthy") await notify(deps, zone, next);
    }
  }
}

async function notify(deps: CloudflareDeps, zone: Zone, check: Healthcheck): Promise<void> {
  const status = check.status === "healthy" ? "Healthy" : "Unhealthy";
  const { state } = deps.store;
  for (const policy of state.policies.filter((one) => isAbout(one, check.id, status))) {
    const why = check.failure_reason ? `: ${check.failure_reason}` : "";
    const text = `Health check ${check.name} of ${zone.name} (${check.address}) is ${status}${why}`;
    for (const { id } of policy.mechanisms.webhooks ?? []) {
      const webhook = state.webhooks.find((one) => one.id === id);
      if (!webhook) continue;
      await deliver(deps, webhook, message(deps, { policy, check, zone, status, text }));
      keep(deps, policy, text, webhook.name, "webhook");
    }
    for (const { id } of policy.mechanisms.email ?? []) keep(deps, policy, text, id, "email");
  }
}

function isAbout({ enabled, filters = {} }: Policy, id: string, status: "Healthy" | "Unhealthy"): boolean {
  const { health_check_id: ids, status: states } = filters;
  return enabled && (ids?.includes(id) ?? true) && (states?.includes(status) ?? true);
}

interface News {
  readonly policy: Policy;
  readonly check: Healthcheck;
  readonly zone: Zone;
  readonly status: string;
  readonly text: string;
}

/** The members of a generic webhook's message, as documented. */
function message(deps: CloudflareDeps, { policy, check, zone, status, text }: News): object {
  return {
    name: policy.name,
    text,
    data: {
      ...{ zone_name: zone.name, health_check_id: check.id, health_check_name: check.name, status },
      ...{ address: check.address, failure_reason: check.failure_reason },
    },
    ts: Math.floor(Date.now() / 1000),
    account_id: deps.store.state.account.id,
    policy_id: policy.id,
    alert_type: policy.alert_type,
    alert_correlation_id: newId(),
    alert_event: status === "Healthy" ? "ALERT_STATE_EVENT_END" : "ALERT_STATE_EVENT_START",
  };
}

function keep(
  deps: CloudflareDeps,
  policy: Policy,
  alert_body: string,
  mechanism: string,
  mechanism_type: Sent["mechanism_type"],
): void {
  const { id: policy_id, name, alert_type, description = "" } = policy;
  const sent = new Date().toISOString();
  const one = {
    id: newId(),
    name,
    description,
    alert_type,
    alert_body,
    mechanism,
    mechanism_type,
    policy_id,
    sent,
  };
  deps.store.state.sent = [...deps.store.state.sent, one].slice(-KEPT);
  deps.store.save();
}

/** Posts to a webhook and keeps how it went. */
export async function deliver(
  deps: CloudflareDeps,
  webhook: Webhook,
  body: { text: string } | object,
): Promise<void> {
  const headers = {
    "content-type": "application/json",
    ...(webhook.secret ? { "cf-webhook-auth": webhook.secret } : {}),
  };
  const text = "text" in body ? body.text : "";
  const shown = webhook.type === "generic" ? body : { text };
  const isTaken = await deps.post(webhook.url, headers, JSON.stringify(shown)).then(
    (status) => status >= 200 && status < 300,
    () => false,
  );
  webhook[isTaken ? "last_success" : "last_failure"] = new Date().toISOString();
}
