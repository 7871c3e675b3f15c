import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import { ownerComment } from "./lib/names";
import { mailNotes, mailRecords, recordContent, type MailSpec } from "./lib/system-mail";
import { RefusalError } from "./refusal";

const TYPE = "homeport:edge:Dns";
/** Seconds; 1 means "automatic", the only value that a proxied record takes. */
const AUTOMATIC_TTL = 1;
/** More than a zone may have on any plan, so that an answer is whole. */
const ALL_RECORDS = 100_000;

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
  /** Who may send mail as the domain (S3-14). @default says nothing of it */
  readonly mail?: MailSpec;
}

/**
 * The names of the sites, proxied, all of them pointing to the server (S1-18). They come last (S1-31). What is said of
 * mail is never proxied, and waits for nothing.
 */
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

    if (args.mail !== undefined) this.createMail(name, args, args.mail);
    this.registerOutputs({});
  }

  private createMail(name: string, args: DnsArgs, mail: MailSpec): void {
    const comment = ownerComment(args.owner);
    const filter = { zoneId: args.zoneId, type: "TXT", maxItems: ALL_RECORDS };
    const { results } = cloudflare.getDnsRecordsOutput(filter, { parent: this });
    // a second record of its kind would make both void: it is asked for before one of ours is made
    const zoneId = pulumi.all([results, args.zoneId]).apply(([found, id]) => {
      const { refusal, warning } = mailNotes(mail, { domain: args.domain, mark: comment, found });
      if (refusal !== undefined) throw new RefusalError(refusal);
      if (warning !== undefined) void pulumi.log.warn(warning, this);
      return id;
    });
    for (const record of mailRecords(mail, args.domain)) {
      new cloudflare.DnsRecord(
        `${name}-mail-${record.role}`,
        {
          ...{ zoneId, name: record.name, type: record.type, content: recordContent(record), comment },
          ...{ proxied: false, ttl: AUTOMATIC_TTL },
        },
        { parent: this },
      );
    }
  }
}
