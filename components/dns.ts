import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import { ownerComment } from "./lib/names";

const TYPE = "homeport:edge:Dns";
/** Seconds; 1 means "automatic", the only value that a proxied record takes. */
const AUTOMATIC_TTL = 1;

export interface DnsArgs {
  readonly zoneId: pulumi.Input<string>;
  readonly domain: string;
  /** Fully qualified, apex first. */
  readonly hostnames: readonly string[];
  readonly address: pulumi.Input<string>;
  /** What a host other than the apex is (S1-18). */
  readonly recordType: "A" | "CNAME";
  /** Written into each record: whose it is, when state is lost. */
  readonly owner: string;
  /** Strict is set, and the edge's rules are: nobody is let in before the edge verifies the origin. */
  readonly edgeReady: readonly pulumi.Resource[];
}

/** The names of the sites, proxied, all of them pointing to the server (S1-18). They come last (S1-31). */
export class Dns extends pulumi.ComponentResource {
  constructor(name: string, args: DnsArgs, opts?: pulumi.ComponentResourceOptions) {
    super(TYPE, name, { domain: args.domain, hostnames: args.hostnames }, opts);

    for (const hostname of args.hostnames) {
      const isAlias = args.recordType === "CNAME" && hostname !== args.domain;
      const role = hostname === args.domain ? "apex" : hostname.slice(0, -args.domain.length - 1);
      new cloudflare.DnsRecord(
        `${name}-${role}`,
        {
          zoneId: args.zoneId,
          name: hostname,
          type: isAlias ? "CNAME" : "A",
          content: isAlias ? args.domain : args.address,
          proxied: true,
          ttl: AUTOMATIC_TTL,
          comment: ownerComment(args.owner),
        },
        { parent: this, dependsOn: [...args.edgeReady] },
      );
    }

    this.registerOutputs({});
  }
}
