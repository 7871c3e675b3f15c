import * as pulumi from "@pulumi/pulumi";
import { RemoteStep, type Host } from "./remote-step";

const TYPE = "homeport:backup:Restore";

export interface RestoreArgs {
  readonly host: Host;
  /** `auto`: the archive's end or the newest copy; `none`: start empty; or an RFC 3339 time: the newest copy until then. */
  readonly mode: string;
  /** Names under which the databases are backed up: folders of `/opt/backups`. */
  readonly databases: readonly string[];
  /** The databases answer, and what reads the repository is installed. */
  readonly after: readonly pulumi.Resource[];
}

/**
 * The databases of a new server as they were on the one before, compared with what was written down when their copy was
 * taken. Once per server, and never over data: the application starts after it.
 */
export class Restore extends pulumi.ComponentResource {
  /** The application may start, and backups be taken. */
  readonly compared: pulumi.Resource;

  constructor(name: string, args: RestoreArgs, opts?: pulumi.ComponentResourceOptions) {
    super(TYPE, name, { mode: args.mode, databases: args.databases }, opts);

    this.compared = new RemoteStep(
      `${name}-databases`,
      {
        host: args.host,
        script: "85-restore.sh",
        libraries: ["archive.sh", "copies.sh", "archive-copies.sh"],
        arguments: [args.mode, ...args.databases],
        isOncePerServer: true,
        timeout: "2h",
      },
      { parent: this, dependsOn: [...args.after] },
    );

    this.registerOutputs({});
  }
}
