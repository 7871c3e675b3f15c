import * as pulumi from "@pulumi/pulumi";
import { archiveFolders, backupFolder } from "./lib/names";
import { serverFile, stdinLine } from "./lib/scripts";
import type { BackupConfig } from "./config";
import type { System } from "./lib/system";
import { RemoteStep, type Host } from "./remote-step";

const TYPE = "homeport:backup:Backup";
/** Scripts and what they read, as they are called on the host. */
const FILES = {
  "backup.sh": "backup.sh",
  "drill.sh": "drill.sh",
  "lib.sh": "backup-lib.sh",
  "manifest.sql": "manifest.sql",
};
/** Mondays, when the night's backup is long done. */
const DRILL_SCHEDULE = "30 4 * * 1";

export interface BackupArgs {
  readonly host: Host;
  readonly system: System;
  readonly stack: string;
  readonly backup: BackupConfig;
  /** The base packages are there. */
  readonly packagesReady: pulumi.Resource;
}

/**
 * Backups of every database, at night and proven (S1-25 to S1-28). The scripts are on the host before the databases
 * are: a new server restores from the same repository. They are used only once {@link Backup.prove} may run.
 */
export class Backup extends pulumi.ComponentResource {
  /** Scripts, settings and schedules are on the host. */
  readonly installed: readonly pulumi.Resource[];
  /** Names under which the databases are backed up: folders of `/opt/backups`. */
  readonly names: readonly string[];
  private readonly host: Host;
  private readonly label: string;

  constructor(name: string, args: BackupArgs, opts?: pulumi.ComponentResourceOptions) {
    super(TYPE, name, { system: args.system.name, repository: args.backup.repository }, opts);

    this.label = name;
    this.host = args.host;
    this.names = args.system.databases.map((database, index) => backupFolder(database.name, index));
    this.installed = args.system.databases.map((database, index) =>
      this.install(name, backupFolder(database.name, index), settingsOf(args, index), args),
    );
    this.registerOutputs({});
  }

  /** A first backup of each database, restored into a scratch server and compared (S1-28), after `ready`. */
  prove(ready: readonly pulumi.Resource[]): pulumi.Resource[] {
    return this.names.map(
      (folder) =>
        new RemoteStep(
          `${this.label}-first-${folder}`,
          { host: this.host, script: "91-first-backup.sh", arguments: [folder], timeout: "2h" },
          { parent: this, dependsOn: [...this.installed, ...ready] },
        ),
    );
  }

  private install(
    name: string,
    folder: string,
    settings: readonly pulumi.Output<string>[],
    args: BackupArgs,
  ): pulumi.Resource {
    const files = Object.entries(FILES).map(([file, source]) => line("file", file, serverFile(source)));
    return new RemoteStep(
      `${name}-${folder}`,
      {
        host: args.host,
        script: "90-backup.sh",
        arguments: [folder, args.backup.schedule, DRILL_SCHEDULE],
        stdin: pulumi.concat(...files, ...settings),
      },
      { parent: this, dependsOn: args.packagesReady },
    );
  }
}

function settingsOf({ system, stack, backup }: BackupArgs, index: number): pulumi.Output<string>[] {
  const which = { ...databaseSettings(system, index), system: system.name, stack };
  const where = {
    RESTIC_REPOSITORY: backup.repository,
    RESTIC_PASSWORD: backup.password,
    AWS_ACCESS_KEY_ID: backup.accessKeyId,
    AWS_SECRET_ACCESS_KEY: backup.secretAccessKey,
  };
  return [
    ...Object.entries(which).map(([name, value]) => line("conf", name, value)),
    ...(backup.repository === undefined
      ? []
      : Object.entries(where).map(([name, value]) => line("env", name, value ?? ""))),
    line("env", "HOMEPORT_REPORT_URL", backup.reportUrl),
  ];
}

/** Where it runs, what it is called, and whose archive holds its log. */
function databaseSettings({ databases, services }: System, index: number): Record<string, string> {
  const database = databases[index];
  if (database === undefined) return {};
  const container = services[database.service]?.containerName ?? "";
  const { name, user } = database;
  return { container, user, database: name, archive: archiveFolders(databases)[name] ?? "" };
}

/** What 90-backup.sh reads. */
function line(kind: string, name: string, value: pulumi.Input<string>): pulumi.Output<string> {
  return pulumi.output(value).apply((text) => stdinLine(kind, name, text));
}
