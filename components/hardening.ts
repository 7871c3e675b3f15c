import * as pulumi from "@pulumi/pulumi";
import { GuardedStep, RemoteStep, type Host } from "./remote-step";

const TYPE = "homeport:server:Hardening";

export interface HardeningArgs {
  /** The host as it was born: pinned to the bootstrap key. */
  readonly newborn: Host;
  /** The host from then on: pinned to the permanent key. */
  readonly host: Host;
  /** The server runs. */
  readonly running: pulumi.Resource;
  /** The permanent ed25519 host key, OpenSSH private key. */
  readonly hostPrivateKey: pulumi.Input<string>;
  /** Five-field cron expression for unattended upgrades (S2-25). */
  readonly upgradeSchedule: string;
  /** Whether they restart the server where that is due. */
  readonly upgradeReboot: boolean;
  /** Packages that the system wants beside our own. @default none */
  readonly packages?: readonly string[];
}

/**
 * From a bare distribution to a host that may face the internet: its permanent host key before anything else, then
 * SSH (S1-10, S1-11, H3), packages (S1-7), firewall (S1-8, H5) and fail2ban (S1-9, H4).
 */
export class Hardening extends pulumi.ComponentResource {
  /** The distribution is up to date and the packages are there; the engine may be set up. */
  readonly packagesReady: pulumi.Resource;

  constructor(name: string, args: HardeningArgs, opts?: pulumi.ComponentResourceOptions) {
    super(TYPE, name, { upgradeSchedule: args.upgradeSchedule }, opts);
    const parent = { parent: this };

    const hostKey = this.installHostKey(name, args);
    // Before anything else dials: a reload refuses connections for a moment, which the docker plugin does not forgive.
    const ssh = new GuardedStep(
      `${name}-ssh`,
      { host: args.host, script: "30-ssh.sh", guard: "ssh", arguments: [args.host.user] },
      { ...parent, dependsOn: hostKey },
    );
    const packages = new RemoteStep(
      `${name}-packages`,
      {
        host: args.host,
        script: "10-base.sh",
        libraries: ["docker-daemon.sh"],
        arguments: [args.upgradeSchedule, String(args.upgradeReboot), ...(args.packages ?? [])],
      },
      { ...parent, dependsOn: ssh },
    );
    new GuardedStep(
      `${name}-firewall`,
      { host: args.host, script: "20-firewall.sh", guard: "firewall" },
      { ...parent, dependsOn: packages },
    );
    new RemoteStep(
      `${name}-fail2ban`,
      { host: args.host, script: "40-fail2ban.sh" },
      { ...parent, dependsOn: packages },
    );

    this.packagesReady = packages;
    this.registerOutputs({});
  }

  /** Two steps, each safe to repeat: with the newborn's key pinned, then with the permanent one. */
  private installHostKey(name: string, args: HardeningArgs): pulumi.Resource {
    const add = new RemoteStep(
      `${name}-host-key`,
      {
        host: args.newborn,
        script: "00-host-key.sh",
        stdin: pulumi.concat(args.hostPrivateKey, "\n"),
        // The newborn's key is gone after the next step: dialled with it, an older server would not be spoken to.
        isOncePerServer: true,
      },
      { parent: this, dependsOn: args.running },
    );
    return new RemoteStep(
      `${name}-host-key-only`,
      { host: args.host, script: "01-host-key-only.sh" },
      { parent: this, dependsOn: add },
    );
  }
}
