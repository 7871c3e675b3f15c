import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import { ownerComment } from "./lib/names";
import { fullHostname, type System } from "./lib/system";
import type { EdgeSpec, MonitorSpec, NotifySpec } from "./lib/system-edge";

const TYPE = "homeport:edge:Monitors";

export interface MonitorsArgs {
  readonly accountId: pulumi.Input<string>;
  readonly zoneId: pulumi.Input<string>;
  readonly system: System;
  /** Its part of the edge, as this stack has it. */
  readonly edge: EdgeSpec;
  readonly domain: string;
  /** Starts the names at Cloudflare, and says whose they are. */
  readonly owner: string;
  /** Secrets by name: one of them may hold the webhook's URL. */
  readonly secretValues: Readonly<Record<string, pulumi.Output<string>>>;
  /** What they ask for answers: a monitor that is there too early would tell of it. */
  readonly after: readonly pulumi.Resource[];
}

/** The monitors of a system that has some; where the zone's plan has none, that is said. */
export function createMonitors(args: MonitorsArgs): void {
  const declared = Object.keys(args.system.edge.monitors ?? {});
  if (declared.length === 0) return;
  if (args.edge.monitors !== undefined) {
    new Monitors("monitors", args);
    return;
  }
  const fix = "fix: pulumi config set homeport:zonePlan pro, once it is, or have somebody else ask";
  void pulumi.log.info(`the zone's plan has no monitors, so not ${declared.join(", ")}; ${fix}`);
}

/** What Cloudflare asks for again and again, and who hears when it is answered no more (S3-19). */
export class Monitors extends pulumi.ComponentResource {
  constructor(
    private readonly name: string,
    private readonly args: MonitorsArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super(TYPE, name, {}, opts);
    const { monitors = {}, notify } = args.edge;
    const ids = Object.entries(monitors).map(([monitor, spec]) => this.healthcheck(monitor, spec).id);
    if (notify !== undefined) this.policy(notify, ids);
    this.registerOutputs({});
  }

  private healthcheck(monitor: string, spec: MonitorSpec): cloudflare.Healthcheck {
    const { zoneId, system, domain, owner, after } = this.args;
    const { path, hostname = system.sites[0]?.hostname ?? "@", expectedCodes = ["200"], expectedBody } = spec;
    const address = fullHostname(hostname, domain);
    return new cloudflare.Healthcheck(
      `${this.name}-${monitor}`,
      {
        ...{ zoneId, address, name: `${owner}-${monitor}`, description: ownerComment(owner) },
        ...{ type: "HTTPS", interval: spec.intervalSeconds ?? 60 },
        httpConfig: {
          ...{ method: "GET", path, port: 443, header: { Host: [address] } },
          expectedCodes: [...expectedCodes],
          ...(expectedBody === undefined ? {} : { expectedBody }),
        },
      },
      { parent: this, dependsOn: [...after] },
    );
  }

  private policy({ emails = [], webhook }: NotifySpec, healthCheckIds: pulumi.Output<string>[]): void {
    const { accountId, owner } = this.args;
    const webhooks = webhook === undefined ? [] : [{ id: this.webhook(webhook).id }];
    new cloudflare.NotificationPolicy(
      `${this.name}-policy`,
      {
        ...{ accountId, name: owner, description: ownerComment(owner), enabled: true },
        alertType: "health_check_status_notification",
        filters: { healthCheckIds, statuses: ["Unhealthy", "Healthy"] },
        mechanisms: {
          ...(emails.length > 0 ? { emails: emails.map((id) => ({ id })) } : {}),
          ...(webhooks.length > 0 ? { webhooks } : {}),
        },
      },
      { parent: this },
    );
  }

  private webhook(secret: string): cloudflare.NotificationPolicyWebhooks {
    const { accountId, owner, secretValues } = this.args;
    const url = secretValues[secret];
    if (url === undefined) throw new pulumi.ResourceError(`secret ${secret} has no value`, this);
    return new cloudflare.NotificationPolicyWebhooks(
      `${this.name}-webhook`,
      { accountId, name: owner, url },
      { parent: this },
    );
  }
}
