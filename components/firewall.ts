import * as hcloud from "@pulumi/hcloud";
import * as pulumi from "@pulumi/pulumi";

const TYPE = "homeport:server:Firewall";

export interface FirewallArgs {
  readonly firewallName: string;
  /** Who may reach SSH, CIDRs. They stand here and never in the host's own firewall, so a change locks nobody out. */
  readonly adminCidrs: readonly string[];
  /** Who may reach 80 and 443: the edge, CIDRs. */
  readonly edgeCidrs: pulumi.Input<readonly string[]>;
  readonly labels: Readonly<Record<string, string>>;
}

/** The provider's packet filter, outside the host's reach: SSH from the operator, HTTP from the edge, ping. */
export class Firewall extends pulumi.ComponentResource {
  /** Numeric, as the server's `firewallIds` wants it. */
  readonly firewallId: pulumi.Output<number>;

  constructor(name: string, args: FirewallArgs, opts?: pulumi.ComponentResourceOptions) {
    super(TYPE, name, args, opts);

    const edge = pulumi.output(args.edgeCidrs).apply((cidrs) => [...cidrs]);
    const admin = [...args.adminCidrs];
    const firewall = new hcloud.Firewall(
      `${name}-rules`,
      {
        name: args.firewallName,
        labels: args.labels,
        rules: [
          {
            direction: "in",
            protocol: "tcp",
            port: "22",
            sourceIps: admin,
            description: "SSH from the operator",
          },
          {
            direction: "in",
            protocol: "tcp",
            port: "80",
            sourceIps: edge,
            description: "HTTP from the edge",
          },
          {
            direction: "in",
            protocol: "tcp",
            port: "443",
            sourceIps: edge,
            description: "HTTPS from the edge",
          },
          { direction: "in", protocol: "icmp", sourceIps: admin, description: "ping from the operator" },
        ],
      },
      { parent: this },
    );

    this.firewallId = firewall.id.apply(Number);
    this.registerOutputs({ firewallId: this.firewallId });
  }
}
