import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "./lib/names";
import { systemHostnames, type System } from "./lib/system";

const TYPE = "homeport:edge:Turnstile";

export interface TurnstileArgs {
  readonly accountId: pulumi.Input<string>;
  readonly system: System;
  /** Fully qualified. */
  readonly hostnames: readonly string[];
  /** The widget's name in the account. */
  readonly widgetName: string;
}

/** The keys of a widget, where the system has one. */
export function turnstileKeys(
  system: System,
  { domain, stack }: { readonly domain: string; readonly stack: string },
  accountId: pulumi.Input<string>,
): Turnstile["secretValues"] {
  if (system.edge.turnstile === undefined) return {};
  const hostnames = systemHostnames(system, domain);
  const widgetName = physicalName(system.name, stack);
  return new Turnstile("turnstile", { accountId, system, hostnames, widgetName }).secretValues;
}

/** The widget that tells people from programs (S3-16), and its keys as secrets of the system. */
export class Turnstile extends pulumi.ComponentResource {
  /** Name of a secret -> the key, secret. */
  readonly secretValues: Readonly<Record<string, pulumi.Output<string>>>;

  constructor(name: string, args: TurnstileArgs, opts?: pulumi.ComponentResourceOptions) {
    super(TYPE, name, {}, opts);
    const { accountId, widgetName, system, hostnames } = args;
    const mode = system.edge.turnstile?.mode ?? "managed";
    const widget = new cloudflare.TurnstileWidget(
      `${name}-widget`,
      { accountId, name: widgetName, mode, domains: [...hostnames] },
      { parent: this },
    );
    const keys = Object.entries(system.secrets).flatMap(([secret, spec]) =>
      spec.kind === "turnstile"
        ? [[secret, pulumi.secret(spec.part === "secret" ? widget.secret : widget.sitekey)] as const]
        : [],
    );
    this.secretValues = Object.fromEntries(keys);
    this.registerOutputs({});
  }
}
