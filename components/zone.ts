import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import { checkEdgeRanges } from "./lib/cloudflare-ranges";
import { RefusalError } from "./refusal";

const TYPE = "homeport:edge:Zone";

export interface ZoneArgs {
  /** Apex of the zone. */
  readonly domain: string;
  /** What the edge's ranges were when somebody last looked, CIDRs. */
  readonly expectedRanges: readonly string[];
}

/** The zone, looked up and never made or deleted, and the ranges that its edge calls from. */
export class Zone extends pulumi.ComponentResource {
  readonly zoneId: pulumi.Output<string>;
  /** IPv4 and IPv6 CIDRs as published now: never empty, never the whole internet. */
  readonly edgeCidrs: pulumi.Output<readonly string[]>;
  private readonly zone: pulumi.Output<cloudflare.GetZoneResult>;

  constructor(name: string, args: ZoneArgs, opts?: pulumi.ComponentResourceOptions) {
    super(TYPE, name, { domain: args.domain }, opts);

    const zone = cloudflare.getZoneOutput({ filter: { name: args.domain } }, { parent: this });
    const ranges = cloudflare.getIpRangesOutput({}, { parent: this });

    this.zone = zone;
    this.zoneId = zone.zoneId;
    this.edgeCidrs = ranges.apply(({ ipv4Cidrs, ipv6Cidrs }) =>
      this.check([...ipv4Cidrs, ...ipv6Cidrs], args),
    );
    this.registerOutputs({ zoneId: this.zoneId, edgeCidrs: this.edgeCidrs });
  }

  /** The account that the zone is in. */
  get accountId(): pulumi.Output<string> {
    return this.zone.account.id;
  }

  private check(published: readonly string[], args: ZoneArgs): readonly string[] {
    const check = checkEdgeRanges(published, args.expectedRanges);
    if (check.kind === "refused") throw new RefusalError(`the edge's ranges: ${check.reason}`);
    if (check.kind === "changed") {
      const text = `added ${check.added.join(", ") || "none"}; removed ${check.removed.join(", ") || "none"}`;
      void pulumi.log.warn(`the edge's published ranges are not the expected ones: ${text}`, this);
    }
    return published;
  }
}
