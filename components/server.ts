import * as hcloud from "@pulumi/hcloud";
import * as pulumi from "@pulumi/pulumi";
import { architectureOf, orderFault } from "./lib/server-image";
import { renderUserData } from "./lib/user-data";
import { RefusalError } from "./refusal";
import { PowerOn } from "./remote-step";
import type { SshIdentity } from "./ssh-identity";

const TYPE = "homeport:server:Server";

export interface ServerArgs {
  readonly serverName: string;
  /** `cx23` (S1-3). */
  readonly serverType: string;
  /** `nbg1` (S1-3). */
  readonly location: string;
  /** `ubuntu-24.04` (S1-3). */
  readonly image: string;
  readonly operatorUser: string;
  readonly operatorPublicKey: string;
  readonly identity: SshIdentity;
  readonly firewallId: pulumi.Input<number>;
  readonly labels: Readonly<Record<string, string>>;
  /** Neither Pulumi nor the provider's console deletes server or address. */
  readonly enableProtection: boolean;
  readonly hcloud: { readonly endpoint: string; readonly token: pulumi.Output<string> };
  /** The command that puts things right after a lost reply. */
  readonly repairCommand: string;
}

/**
 * A server and the address that outlives it (S1-3, S1-4). The firewall is attached at creation: there is no moment
 * without it. IPv4 only: the edge reaches it by that, and what has no v6 address has no v6 port open (S1-8).
 */
export class Server extends pulumi.ComponentResource {
  readonly serverId: pulumi.Output<string>;
  readonly address: pulumi.Output<string>;
  /** For `deletedWith`. */
  readonly resource: hcloud.Server;
  /** It runs: a step may dial. */
  readonly running: pulumi.Resource;

  constructor(name: string, args: ServerArgs, opts?: pulumi.ComponentResourceOptions) {
    const { identity: _, hcloud: api, ...plain } = args;
    super(TYPE, name, plain, opts); // neither of the two: they hold secrets

    const address = this.createAddress(name, args);
    this.resource = this.createServer(name, args, address);
    this.running = new PowerOn(
      `${name}-power`,
      { ...api, serverId: this.resource.id, server: this.resource },
      { parent: this },
    );

    this.serverId = this.resource.id;
    this.address = address.ipAddress;
    this.registerOutputs({ serverId: this.serverId, address: this.address });
  }

  private createAddress(name: string, args: ServerArgs): hcloud.PrimaryIp {
    return new hcloud.PrimaryIp(
      `${name}-ipv4`,
      {
        name: `${args.serverName}-ipv4`,
        type: "ipv4",
        location: args.location,
        autoDelete: false,
        deleteProtection: args.enableProtection,
        labels: args.labels,
      },
      { parent: this, protect: args.enableProtection },
    );
  }

  private createServer(name: string, args: ServerArgs, address: hcloud.PrimaryIp): hcloud.Server {
    const userData = pulumi
      .all([args.identity.bootstrapPrivateKey, args.identity.bootstrapPublicKey])
      .apply(([ecdsaPrivate, ecdsaPublic]) =>
        renderUserData({
          operatorUser: args.operatorUser,
          operatorPublicKey: args.operatorPublicKey,
          ecdsaPrivate,
          ecdsaPublic,
        }),
      );
    return new hcloud.Server(
      `${name}-host`,
      {
        name: args.serverName,
        serverType: args.serverType,
        location: args.location,
        image: args.image,
        sshKeys: [args.identity.sshKeyId],
        userData: pulumi.secret(userData),
        publicNets: [{ ipv4Enabled: true, ipv4: address.id.apply(Number), ipv6Enabled: false }],
        firewallIds: [args.firewallId],
        deleteProtection: args.enableProtection,
        rebuildProtection: args.enableProtection,
        shutdownBeforeDeletion: true,
        labels: { ...args.labels, bootstrap: args.identity.bootstrapFingerprint },
      },
      {
        parent: this,
        protect: args.enableProtection,
        // A change of these would replace a live server; a replacement that is meant takes the new values.
        ignoreChanges: ["userData", "sshKeys", "image"],
        hooks: {
          beforeCreate: [refuseOldImages(name, args)],
          onError: [nameTheRepair(name, args.repairCommand)],
        },
      },
    );
  }
}

/** Before a server is ordered, in a preview too. One that runs already stays as it is, whatever becomes of its image. */
function refuseOldImages(name: string, { image, serverType }: ServerArgs): pulumi.ResourceHook {
  const refuse = async (): Promise<void> => {
    const withArchitectures = [architectureOf(serverType)];
    const offered = await hcloud.getImages({ withArchitectures, includeDeprecated: true });
    const fault = orderFault(image, serverType, offered.images, pulumi.getStack());
    if (fault !== undefined) throw new RefusalError(fault);
  };
  return new pulumi.ResourceHook(`${name}-image`, refuse, { onDryRun: true });
}

const TAKEN = /uniqueness_error|already used|already exists/i;

/** After a lost reply the server exists and state does not know it: say which command finds it. */
function nameTheRepair(name: string, repairCommand: string): pulumi.ErrorHook {
  return new pulumi.ErrorHook(`${name}-repair`, (failure) => {
    const lost = failure.errors.some(
      (error) => TAKEN.test(error) || /EOF|connection reset|timeout/i.test(error),
    );
    if (failure.failedOperation === "create" && lost) {
      void pulumi.log.error(`the server may exist without being in state; fix: ${repairCommand}`);
    }
    return false; // no retry: the provider has done its own
  });
}
