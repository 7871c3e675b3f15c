import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import { strangersMessage } from "./lib/strict-neighbours";
import { RefusalError } from "./refusal";

const TYPE = "homeport:edge:EdgeRules";
const STRICT = "strict";
/** Above any zone's limit: 3500 records, unless Cloudflare agreed to more. */
const ALL_RECORDS = 100_000;

export interface EdgeRulesArgs {
  readonly zoneId: pulumi.Input<string>;
  /** The system's own, fully qualified. */
  readonly hostnames: readonly string[];
  /** Other hosts of the zone whose origins are ready for strict. */
  readonly strictNeighbours: readonly string[];
  /** For the command that accepts one more. */
  readonly stack: string;
  /** The origin serves its certificate: strict has something to verify. */
  readonly originAnswers: readonly pulumi.Resource[];
}

/**
 * What the edge does with every request: verifies the origin (S1-19), sends visitors to HTTPS, refuses old TLS. A
 * setting has no off: when the stack goes it stays as it is, which is the safe side. It holds for the whole zone, so
 * strict is not set before somebody answers for each proxied name that is not ours.
 */
export class EdgeRules extends pulumi.ComponentResource {
  /** `ssl = strict` is set. */
  readonly strict: pulumi.Resource;

  constructor(name: string, args: EdgeRulesArgs, opts?: pulumi.ComponentResourceOptions) {
    super(TYPE, name, {}, opts);
    const setting = (
      settingId: string,
      value: string,
      dependsOn: pulumi.Input<pulumi.Resource[]>,
    ): pulumi.Resource =>
      new cloudflare.ZoneSetting(
        `${name}-${settingId.replaceAll("_", "-")}`,
        { zoneId: args.zoneId, settingId, value },
        { parent: this, dependsOn },
      );

    this.strict = setting("ssl", STRICT, this.onceAccepted(args));
    setting("always_use_https", "on", [this.strict]);
    setting("min_tls_version", "1.2", []);

    this.registerOutputs({});
  }

  /** What strict waits for. A refusal leaves the setting without an answer, so it is not set; a preview is refused too. */
  private onceAccepted(args: EdgeRulesArgs): pulumi.Output<pulumi.Resource[]> {
    const { zoneId, originAnswers } = args;
    const ssl = cloudflare.getZoneSettingOutput({ zoneId, settingId: "ssl" }, { parent: this });
    // the records are asked for only where they count: a zone that is strict already costs one call
    const records = ssl.apply(({ value: mode }) => {
      if (mode === STRICT) return pulumi.output({ mode, results: [] as { readonly name: string }[] });
      const filter = { zoneId, proxied: true, maxItems: ALL_RECORDS };
      const { results } = cloudflare.getDnsRecordsOutput(filter, { parent: this });
      return pulumi.output({ mode, results });
    });
    return records.apply(({ mode, results }) => {
      const { hostnames, strictNeighbours: accepted, stack } = args;
      const proxied = results.map(({ name }) => name);
      const message = strangersMessage({ proxied, hostnames, accepted, mode, stack });
      if (message !== undefined) throw new RefusalError(message);
      return [...originAnswers];
    });
  }
}
