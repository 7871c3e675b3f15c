import * as pulumi from "@pulumi/pulumi";
import { RemoteStep, type Host } from "./remote-step";

const TYPE = "homeport:backup:Restore";
const DATABASE_LIBRARIES = ["archive.sh", "copies.sh", "archive-copies.sh"];
const FILE_LIBRARIES = ["copies.sh", "file-copies.sh"];

export interface RestoreArgs {
  readonly host: Host;
  /** `auto`: the archive's end or the newest copy; `none`: start empty; or an RFC 3339 time: the newest copy until then. */
  readonly mode: string;
  /** Names under which the databases are backed up: folders of `/opt/backups`. */
  readonly databases: readonly string[];
  /** There are directories or volumes that are backed up: they follow the databases. @default false */
  readonly hasFiles?: boolean;
  /** The databases answer, and what reads the repository is installed. */
  readonly after: readonly pulumi.Resource[];
}

/**
 * The databases of a new server as they were on the one before, compared with what was written down when their copy was
 * taken. Once per server, and never over data: the application starts after it.
 */
export class Restore extends pulumi.ComponentResource {
  /** The application may start, and backups be taken. */
  readonly compared: readonly pulumi.Resource[];

  constructor(name: string, args: RestoreArgs, opts?: pulumi.ComponentResourceOptions) {
    super(TYPE, name, { mode: args.mode, databases: args.databases }, opts);

    const { databases, after } = args;
    const restored =
      databases.length === 0
        ? []
        : [this.step(`${name}-databases`, "85-restore.sh", DATABASE_LIBRARIES, databases, after, args)];
    const files =
      args.hasFiles === true
        ? [
            this.step(
              `${name}-files`,
              "86-restore-files.sh",
              FILE_LIBRARIES,
              [],
              [...after, ...restored],
              args,
            ),
          ]
        : [];
    this.compared = [...restored, ...files];

    this.registerOutputs({});
  }

  private step(
    name: string,
    script: string,
    libraries: readonly string[],
    names: readonly string[],
    after: readonly pulumi.Resource[],
    { host, mode }: RestoreArgs,
  ): pulumi.Resource {
    return new RemoteStep(
      name,
      { host, script, libraries, arguments: [mode, ...names], isOncePerServer: true, timeout: "2h" },
      { parent: this, dependsOn: [...after] },
    );
  }
}
