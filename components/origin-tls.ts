import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { ProxyKind } from "./lib/system-sites";
import { RemoteStep, type Host } from "./remote-step";

const TYPE = "homeport:edge:OriginTls";
/** Days: the longest that Cloudflare's Origin CA grants, 15 years. */
const VALIDITY_DAYS = 5475;

export interface OriginTlsArgs {
  readonly host: Host;
  /** Who takes a new certificate at once. */
  readonly proxy: ProxyKind;
  /** Apex first; at most 100 (Cloudflare's limit for one certificate). */
  readonly hostnames: readonly string[];
  /** Written into the request, which Cloudflare keeps: whose certificate it is, when state is lost. At most 64 characters. */
  readonly owner: string;
  /** The base packages are there. */
  readonly packagesReady: pulumi.Resource;
}

/**
 * The origin's certificate, signed by Cloudflare's Origin CA for a key made here (S1-23): no challenge, so no moment
 * in which strict has nothing to verify (H6), and nothing to burn a rate limit with (H7).
 */
export class OriginTls extends pulumi.ComponentResource {
  /** Key and certificate are on the host. */
  readonly installed: pulumi.Resource;
  /** PEM. */
  readonly certificate: pulumi.Output<string>;
  /** PEM, secret. */
  readonly privateKey: pulumi.Output<string>;

  constructor(name: string, args: OriginTlsArgs, opts?: pulumi.ComponentResourceOptions) {
    super(TYPE, name, { hostnames: args.hostnames }, opts);
    const parent = { parent: this };

    const key = new tls.PrivateKey(`${name}-key`, { algorithm: "ECDSA", ecdsaCurve: "P256" }, parent);
    const request = new tls.CertRequest(
      `${name}-request`,
      {
        privateKeyPem: key.privateKeyPem,
        dnsNames: [...args.hostnames],
        subject: {
          commonName: args.hostnames[0],
          organization: "Homeport",
          organizationalUnit: args.owner,
        },
      },
      parent,
    );
    const certificate = new cloudflare.OriginCaCertificate(
      `${name}-certificate`,
      {
        csr: request.certRequestPem,
        hostnames: [...args.hostnames],
        requestType: "origin-ecc",
        requestedValidity: VALIDITY_DAYS,
      },
      parent,
    );
    this.installed = new RemoteStep(
      `${name}-install`,
      {
        host: args.host,
        script: "70-origin-tls.sh",
        libraries: ["proxy.sh"],
        arguments: [args.proxy, ...args.hostnames],
        stdin: pulumi.concat(key.privateKeyPem, "\n", certificate.certificate, "\n"),
      },
      { ...parent, dependsOn: args.packagesReady },
    );

    this.certificate = certificate.certificate;
    this.privateKey = key.privateKeyPem;
    this.registerOutputs({});
  }
}
