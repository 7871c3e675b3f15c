import * as pulumi from "@pulumi/pulumi";
import type { System } from "./lib/system";
import { hasSqlite } from "./lib/system-files";
import { RemoteStep, type Host } from "./remote-step";

const TYPE = "homeport:files:Files";

export interface FilesArgs {
  readonly host: Host;
  readonly system: System;
  /** The base packages are there. */
  readonly packagesReady: pulumi.Resource;
}

/** The directories of the host that a system declares, before its containers start. */
export class Files extends pulumi.ComponentResource {
  /** They are there, with their owners and modes. */
  readonly made: pulumi.Resource;

  constructor(name: string, args: FilesArgs, opts?: pulumi.ComponentResourceOptions) {
    const { files } = args.system;
    super(TYPE, name, { directories: files.map(({ path }) => path) }, opts);

    this.made = new RemoteStep(
      `${name}-directories`,
      {
        host: args.host,
        script: "82-files.sh",
        arguments: hasSqlite(args.system) ? ["sqlite"] : [],
        stdin: files.map(({ owner, mode, path }) => `${owner} ${mode} ${path}\n`).join(""),
      },
      { parent: this, dependsOn: args.packagesReady },
    );
    this.registerOutputs({});
  }
}
