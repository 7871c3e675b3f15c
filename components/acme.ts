import * as pulumi from "@pulumi/pulumi";
import { acmeSites, acmeWord } from "./lib/acme";
import type { System } from "./lib/system";
import type { OriginTls } from "./origin-tls";
import { RemoteStep, type Host } from "./remote-step";

const TYPE = "homeport:edge:Acme";
const LIBRARIES = ["proxy.sh", "acme.sh"];

export interface AcmeArgs {
  readonly host: Host;
  readonly system: System;
  readonly domain: string;
  /** Of Cloudflare's API, secret: may edit the zone's records and nothing else. Only acme-dns needs it. */
  readonly dnsToken: pulumi.Input<string>;
  /** What stands in; another one is shown at once. */
  readonly originTls: OriginTls;
  /** What the server before has left is back. */
  readonly after: readonly pulumi.Resource[];
}

/**
 * Certificates of Let's Encrypt by certbot, which renews them on the host (S2-18, S2-19). A site without one shows the
 * Origin CA's, so strict always finds something to verify (H6); the backup of files keeps them for the next server (H7).
 */
export class Acme extends pulumi.ComponentResource {
  /** Each site has something to show; those that prove themselves by a record, their own certificate. */
  readonly installed: pulumi.Resource;

  constructor(
    private readonly label: string,
    private readonly args: AcmeArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const sites = acmeSites(args.system.sites).map((site) => acmeWord(site, args.domain));
    super(TYPE, label, { sites }, opts);

    const setup = new RemoteStep(
      `${label}-setup`,
      {
        host: args.host,
        script: "73-acme.sh",
        libraries: LIBRARIES,
        arguments: [args.system.proxy, ...sites],
        stdin: args.dnsToken,
        triggers: [args.originTls.certificate],
      },
      { parent: this, dependsOn: [args.originTls.installed, ...args.after] },
    );
    this.installed = this.obtain("acme-dns", [setup]) ?? setup;
    this.registerOutputs({});
  }

  /** For sites that prove themselves by a file: the ACME server finds them as visitors do, so after the records. */
  onceVisitorsCome(after: readonly pulumi.Resource[]): pulumi.Resource | undefined {
    return this.obtain("acme-http", [this.installed, ...after]);
  }

  private obtain(
    mode: "acme-dns" | "acme-http",
    after: readonly pulumi.Resource[],
  ): pulumi.Resource | undefined {
    const sites = acmeSites(this.args.system.sites, [mode]);
    if (sites.length === 0) return undefined;
    return new RemoteStep(
      `${this.label}-${mode === "acme-dns" ? "dns" : "http"}`,
      {
        host: this.args.host,
        script: "74-acme-certificates.sh",
        libraries: LIBRARIES,
        arguments: sites.map((site) => acmeWord(site, this.args.domain)),
        timeout: "1h", // a backup may be under way
      },
      { parent: this, dependsOn: [...after] },
    );
  }
}

/** {@link Acme}, where a site wants it. */
export function createAcme(args: AcmeArgs): Acme | undefined {
  return acmeSites(args.system.sites).length > 0 ? new Acme("acme", args) : undefined;
}
