import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { sha256 } from "./lib/hash";
import type { GeneratedSecret, Service, System } from "./lib/system";
import { compose } from "./lib/system-secrets";

const TYPE = "homeport:system:Secrets";

/** No quotes and no backslash: applications' own files of settings differ in how they read those. */
const ASCII_SPECIAL = "!#$%&*+-/:;=?@_~";

export interface SecretsArgs {
  readonly system: System;
  /** The values that the user keeps in stack config, secret. */
  readonly kept: Readonly<Record<string, pulumi.Output<string>>>;
  /** The values that somebody else made: Turnstile's keys. @default none */
  readonly issued?: Readonly<Record<string, pulumi.Output<string>>>;
}

/**
 * Every secret of a system, by name: made once and held in state, or kept in stack config (S1-12). Evaluated once,
 * so an application and its database never disagree (H1).
 */
export class Secrets extends pulumi.ComponentResource {
  /** Name -> value, each secret. */
  readonly secretValues: Readonly<Record<string, pulumi.Output<string>>>;
  private readonly versions: Readonly<Record<string, pulumi.Output<string>>>;

  constructor(name: string, args: SecretsArgs, opts?: pulumi.ComponentResourceOptions) {
    super(TYPE, name, { system: args.system.name }, opts);

    const generated = Object.entries(args.system.secrets).flatMap(([secret, spec]) =>
      spec.kind === "generated" ? [[secret, this.createGenerated(name, secret, spec)] as const] : [],
    );
    const single = { ...args.kept, ...args.issued, ...Object.fromEntries(generated) };
    this.secretValues = { ...single, ...composedOf(args.system, single) };
    const services = Object.values(args.system.services).filter((service) => service.secrets.length > 0);
    this.versions = Object.fromEntries(
      services.map((service) => [service.name, this.createVersion(name, service)]),
    );

    this.registerOutputs({});
  }

  /** A service's or unit's secrets by name. */
  of(service: Pick<Service, "secrets">): Record<string, pulumi.Output<string>> {
    return Object.fromEntries(service.secrets.map((secret) => [secret, this.secretValue(secret)]));
  }

  /** Changes when one of the service's secrets does, and tells nothing about them: fit for a label. */
  versionOf(service: Service): pulumi.Output<string> | undefined {
    return this.versions[service.name];
  }

  private secretValue(secret: string): pulumi.Output<string> {
    const value = this.secretValues[secret];
    if (value === undefined) throw new pulumi.ResourceError(`secret ${secret} has no value`, this);
    return value;
  }

  private createGenerated(name: string, secret: string, spec: GeneratedSecret): pulumi.Output<string> {
    const child = `${name}-${secret.toLowerCase().replaceAll("_", "-")}`;
    if (spec.alphabet === "hex") {
      const bytes = new random.RandomBytes(child, { length: Math.ceil(spec.length / 2) }, { parent: this });
      return pulumi.secret(bytes.hex.apply((hex) => hex.slice(0, spec.length)));
    }
    const overrideSpecial = spec.alphabet === "ascii" ? ASCII_SPECIAL : "-_";
    const password = new random.RandomPassword(
      child,
      { length: spec.length, special: spec.alphabet !== "alphanumeric", overrideSpecial },
      { parent: this },
    );
    return password.result;
  }

  private createVersion(name: string, service: Service): pulumi.Output<string> {
    const values = pulumi.all(service.secrets.map((secret) => this.secretValue(secret)));
    return new random.RandomId(
      `${name}-${service.name}-version`,
      {
        byteLength: 6,
        keepers: { values: pulumi.secret(values.apply((all) => sha256(JSON.stringify(all)))) },
      },
      { parent: this },
    ).hex;
  }
}

/** Secrets that are made of others. */
function composedOf(
  { secrets }: System,
  values: Readonly<Record<string, pulumi.Output<string>>>,
): Record<string, pulumi.Output<string>> {
  const all = pulumi.all({ ...values });
  return Object.fromEntries(
    Object.entries(secrets).flatMap(([name, spec]) => {
      if (spec.kind !== "composed") return [];
      const value = all.apply((known) => compose(spec.template, (part) => known[part] ?? ""));
      return [[name, pulumi.secret(value)] as const];
    }),
  );
}
