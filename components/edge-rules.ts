import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";

const TYPE = "homeport:edge:EdgeRules";

export interface EdgeRulesArgs {
  readonly zoneId: pulumi.Input<string>;
  /** The origin serves its certificate: strict has something to verify. */
  readonly originAnswers: pulumi.Resource;
}

/**
 * What the edge does with every request: verifies the origin (S1-19), sends visitors to HTTPS, refuses old TLS. A
 * setting has no off: when the stack goes it stays as it is, which is the safe side.
 */
export class EdgeRules extends pulumi.ComponentResource {
  /** `ssl = strict` is set. */
  readonly strict: pulumi.Resource;

  constructor(name: string, args: EdgeRulesArgs, opts?: pulumi.ComponentResourceOptions) {
    super(TYPE, name, {}, opts);
    const setting = (settingId: string, value: string, dependsOn: pulumi.Resource[]): pulumi.Resource =>
      new cloudflare.ZoneSetting(
        `${name}-${settingId.replaceAll("_", "-")}`,
        { zoneId: args.zoneId, settingId, value },
        { parent: this, dependsOn },
      );

    this.strict = setting("ssl", "strict", [args.originAnswers]);
    setting("always_use_https", "on", [this.strict]);
    setting("min_tls_version", "1.2", []);

    this.registerOutputs({});
  }
}
