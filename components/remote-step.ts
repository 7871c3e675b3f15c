import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { sha256 } from "./lib/hash";
import { localScript, remoteScript } from "./lib/scripts";
import { shellQuote } from "./lib/shell";

/** The server as the steps see it: an address, an account and the one host key that is believed. */
export interface Host {
  /** Goes with every trigger: with a kept address nothing else tells a step that the host is a new one. */
  readonly serverId: pulumi.Output<string>;
  readonly address: pulumi.Output<string>;
  readonly user: string;
  /** OpenSSH private key of the account, secret. */
  readonly privateKey: pulumi.Output<string>;
  /** OpenSSH public key; a host that shows another one is not spoken to. */
  readonly hostKey: pulumi.Input<string>;
  /** `ssh -F` file with the same pin, for the local `ssh`. Relative to the project's folder. */
  readonly sshConfig: string;
  /** When this resource goes, what lives on the host is gone with it. */
  readonly server: pulumi.Resource;
}

export interface RemoteStepArgs {
  readonly host: Host;
  /** File name in `scripts/remote`. */
  readonly script: string;
  /** Files in `scripts/remote` that the script needs besides `lib.sh`. @default none */
  readonly libraries?: readonly string[];
  /** Words after the script, quoted here. Never a secret: arguments are visible on the host. @default none */
  readonly arguments?: readonly pulumi.Input<string>[];
  /** The script's own stdin; secret from here on. @default nothing */
  readonly stdin?: pulumi.Input<string>;
  /** What else makes the step run again. @default nothing */
  readonly triggers?: readonly pulumi.Input<string>[];
  /** Nothing but a new server makes the step run again, another script neither. @default false */
  readonly isOncePerServer?: boolean;
  /** How long it may run. @default "15m" */
  readonly timeout?: string;
  /** Command that takes its effect back when nothing declares the step any more. @default nothing */
  readonly undo?: string;
}

const TIMEOUT = "15m";
/** Two minutes in all: a server that was just made takes up to one until its sshd answers. */
const DIAL = { dialErrorLimit: 30, perDialTimeout: 10 };
const CONTENT = ["connection", "create", "update", "stdin"];

/**
 * One idempotent script, run as root on the host over a connection that is pinned to its host key. Runs again when
 * the script, its arguments, its input or the server changed, and can be killed at any line.
 */
export class RemoteStep extends command.remote.Command {
  constructor(name: string, args: RemoteStepArgs, opts?: pulumi.CustomResourceOptions) {
    const text = remoteScript(args.script, args.libraries);
    const words = quoteAll(args.arguments ?? []);
    const run = pulumi.interpolate`sudo -n bash -s --${words}`;
    const isSecret = args.stdin !== undefined;
    const stdin = pulumi.concat(text, args.stdin ?? "");
    super(
      name,
      {
        connection: {
          host: args.host.address,
          user: args.host.user,
          privateKey: args.host.privateKey,
          hostKey: args.host.hostKey,
          ...DIAL,
        },
        create: run,
        update: run,
        delete: args.undo,
        stdin: isSecret ? pulumi.secret(stdin) : stdin,
        triggers: [
          args.host.serverId,
          ...(args.isOncePerServer === true ? [] : [sha256(text), words]),
          ...(args.triggers ?? []),
        ],
        addPreviousOutputInEnv: false,
        logging: isSecret ? "none" : "stdout",
      },
      pulumi.mergeOptions(opts ?? {}, {
        deletedWith: args.host.server,
        // a replacement would otherwise be made first and undone then
        deleteBeforeReplace: args.undo !== undefined,
        customTimeouts: timeouts(args.timeout),
        additionalSecretOutputs: isSecret ? ["stdout", "stderr"] : [],
        ignoreChanges: args.isOncePerServer === true ? CONTENT : [],
      }),
    );
  }
}

export interface GuardedStepArgs {
  readonly host: Host;
  /** File name in `scripts/remote`. */
  readonly script: string;
  /** What the script calls its guard: `firewall`, `ssh`. */
  readonly guard: string;
  /** @default none */
  readonly arguments?: readonly pulumi.Input<string>[];
}

/**
 * A step that could lock the operator out (S1-11). One resource, so that it converges: it applies under an
 * automatic revert and cancels that over a second connection. As two, after a failure in between only the second
 * would run again, on a host that took the first one back.
 */
export class GuardedStep extends command.local.Command {
  constructor(name: string, args: GuardedStepArgs, opts?: pulumi.CustomResourceOptions) {
    const text = remoteScript(args.script);
    const words = quoteAll(args.arguments ?? []);
    const target = pulumi.interpolate`${args.host.user}@${args.host.address}`;
    const fixed = ["bash", localScript("guarded-step.sh"), args.host.sshConfig].map(shellQuote).join(" ");
    const run = pulumi.interpolate`${fixed} ${target} ${args.guard}${words}`;
    super(
      name,
      {
        create: run,
        update: run,
        stdin: text,
        triggers: [args.host.serverId, sha256(text), words],
        addPreviousOutputInEnv: false,
        logging: "stdout",
      },
      pulumi.mergeOptions(opts ?? {}, {
        deletedWith: args.host.server,
        customTimeouts: { create: TIMEOUT, update: TIMEOUT },
      }),
    );
  }
}

export interface CodeStepArgs {
  readonly host: Host;
  /** File name in `scripts/remote`. */
  readonly script: string;
  /** Never a secret. */
  readonly arguments: readonly string[];
  /** Folder of the code, relative to the project's. */
  readonly source: string;
  /** Its files as they are now, one line each: `sha256 mode path`. */
  readonly manifest: string;
}

/**
 * A step whose input is files of this machine: they go straight to the host, so that state holds no code. Runs again
 * when one of them changed.
 */
export class CodeStep extends command.local.Command {
  constructor(name: string, args: CodeStepArgs, opts?: pulumi.CustomResourceOptions) {
    const text = remoteScript(args.script);
    const words = quoteAll(args.arguments);
    const target = pulumi.interpolate`${args.host.user}@${args.host.address}`;
    const fixed = ["bash", localScript("sync-code.sh"), args.host.sshConfig, args.source].map(shellQuote);
    const run = pulumi.interpolate`${fixed.join(" ")} ${target}${words}`;
    super(
      name,
      {
        create: run,
        update: run,
        stdin: `${text}\n@files\n${args.manifest}`,
        triggers: [args.host.serverId, sha256(text), sha256(args.manifest), words],
        addPreviousOutputInEnv: false,
        logging: "stdout",
      },
      pulumi.mergeOptions(opts ?? {}, {
        deletedWith: args.host.server,
        customTimeouts: { create: "30m", update: "30m" },
      }),
    );
  }
}

export interface PowerOnArgs {
  readonly serverId: pulumi.Output<string>;
  /** Of Hetzner's API, without a slash at its end. */
  readonly endpoint: string;
  /** Secret; read from stdin. */
  readonly token: pulumi.Output<string>;
  readonly server: pulumi.Resource;
}

/**
 * Sees to it, once per server, that it runs. The provider takes a server for made when its order ended in error;
 * without this the next `up` would dial a machine that nobody starts.
 */
export class PowerOn extends command.local.Command {
  constructor(name: string, args: PowerOnArgs, opts?: pulumi.CustomResourceOptions) {
    const run = pulumi.interpolate`node ${localScript("power-on.js")} ${shellQuote(args.endpoint)} ${args.serverId}`;
    super(
      name,
      {
        create: run,
        update: run,
        stdin: pulumi.secret(args.token),
        triggers: [args.serverId],
        addPreviousOutputInEnv: false,
        logging: "none",
      },
      pulumi.mergeOptions(opts ?? {}, {
        deletedWith: args.server,
        customTimeouts: { create: TIMEOUT, update: TIMEOUT },
        additionalSecretOutputs: ["stdout", "stderr"],
      }),
    );
  }
}

function timeouts(timeout = TIMEOUT): { create: string; update: string } {
  return { create: timeout, update: timeout };
}

/** Each word quoted, with a space in front: what follows a command. */
function quoteAll(words: readonly pulumi.Input<string>[]): pulumi.Output<string> {
  return pulumi.all([...words]).apply((plain) => plain.map((word) => ` ${shellQuote(word)}`).join(""));
}
