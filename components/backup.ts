import * as pulumi from "@pulumi/pulumi";
import { archiveFolders, backupFolder } from "./lib/names";
import { serverFile, sftpFiles, stdinLine } from "./lib/scripts";
import type { BackupConfig } from "./config";
import type { System } from "./lib/system";
import { backupTrees, FILES_FOLDER } from "./lib/system-files";
import { mountedBackups } from "./lib/system-mounts";
import { RemoteStep, type Host } from "./remote-step";

const TYPE = "homeport:backup:Backup";
/** Scripts and what they read, as they are called on the host. */
const FILES = {
  "backup.sh": "backup.sh",
  "drill.sh": "drill.sh",
  "lib.sh": "backup-lib.sh",
  "manifest.sql": "manifest.sql",
};
/** The same for directories and volumes. */
const TREE_FILES = {
  "backup.sh": "files-backup.sh",
  "drill.sh": "files-drill.sh",
  "lib.sh": "backup-lib.sh",
  "files.sh": "files.sh",
};
/** Mondays, when the night's backup is long done. */
const DRILL_SCHEDULE = "30 4 * * 1";
/** When no database is drilled: a small server does one thing at a time. */
const FILES_DRILL_SCHEDULE = "30 5 * * 1";

export interface BackupArgs {
  readonly host: Host;
  readonly system: System;
  readonly stack: string;
  readonly backup: BackupConfig;
  /** The base packages are there. */
  readonly packagesReady: pulumi.Resource;
}

/**
 * Backups of every database, and of directories and volumes, at night and proven (S1-25 to S1-28). The scripts are on the host before the databases
 * are: a new server restores from the same repository. They are used only once {@link Backup.prove} may run.
 */
export class Backup extends pulumi.ComponentResource {
  /** Scripts, settings and schedules are on the host. */
  readonly installed: readonly pulumi.Resource[];
  /** Names under which the databases are backed up: folders of `/opt/backups`. */
  readonly names: readonly string[];
  /** All of them, that of files included. */
  private readonly folders: readonly string[];
  private readonly host: Host;
  private readonly label: string;

  constructor(name: string, args: BackupArgs, opts?: pulumi.ComponentResourceOptions) {
    super(TYPE, name, { system: args.system.name, repository: args.backup.repository }, opts);

    this.label = name;
    this.host = args.host;
    this.names = args.system.databases.map((database, index) => backupFolder(database.name, index));
    const databases = this.names.map((folder, index) =>
      this.install(folder, DRILL_SCHEDULE, [...scripts(FILES), ...settingsOf(args, index)], args),
    );
    const hasFiles = backupTrees(args.system).length > 0;
    const trees = (): pulumi.Output<string>[] => [...scripts(TREE_FILES), ...treeSettingsOf(args)];
    const files = hasFiles ? [this.install(FILES_FOLDER, FILES_DRILL_SCHEDULE, trees(), args)] : [];
    this.folders = [...this.names, ...(hasFiles ? [FILES_FOLDER] : [])];
    this.installed = [...databases, ...files];
    this.registerOutputs({});
  }

  /** A first backup of each, restored into a place of its own and compared (S1-28), after `ready`. */
  prove(ready: readonly pulumi.Resource[]): pulumi.Resource[] {
    return this.folders.map(
      (folder) =>
        new RemoteStep(
          `${this.label}-first-${folder}`,
          { host: this.host, script: "91-first-backup.sh", arguments: [folder], timeout: "2h" },
          { parent: this, dependsOn: [...this.installed, ...ready] },
        ),
    );
  }

  private install(
    folder: string,
    drillSchedule: string,
    lines: readonly pulumi.Output<string>[],
    args: BackupArgs,
  ): pulumi.Resource {
    return new RemoteStep(
      `${this.label}-${folder}`,
      {
        host: args.host,
        script: "90-backup.sh",
        // Where a container reads when the last one succeeded, it may enter; what lies beside is root's alone.
        arguments: [
          ...[folder, args.backup.schedule, drillSchedule],
          ...(mountedBackups(args.system).includes(folder) ? ["711"] : []),
        ],
        stdin: pulumi.concat(...lines),
      },
      { parent: this, dependsOn: args.packagesReady },
    );
  }
}

function scripts(files: Readonly<Record<string, string>>): pulumi.Output<string>[] {
  return Object.entries(files).map(([file, source]) => line("file", file, serverFile(source)));
}

function settingsOf(args: BackupArgs, index: number): pulumi.Output<string>[] {
  return linesOf(databaseSettings(args.system, index), args);
}

function treeSettingsOf(args: BackupArgs): pulumi.Output<string>[] {
  const trees = JSON.stringify(backupTrees(args.system));
  return linesOf({ database: FILES_FOLDER, tag: "files=all", trees }, args);
}

function linesOf(
  what: Readonly<Record<string, string>>,
  { system, stack, backup }: BackupArgs,
): pulumi.Output<string>[] {
  const which = { ...what, system: system.name, stack };
  const isOnS3 = backup.accessKeyId !== "";
  const where = {
    RESTIC_REPOSITORY: backup.repository,
    RESTIC_PASSWORD: backup.password,
    ...(isOnS3 && { AWS_ACCESS_KEY_ID: backup.accessKeyId, AWS_SECRET_ACCESS_KEY: backup.secretAccessKey }),
  };
  return [
    ...Object.entries(which).map(([name, value]) => line("conf", name, value)),
    ...(backup.repository === undefined
      ? []
      : Object.entries(where).map(([name, value]) => line("env", name, value ?? ""))),
    ...sftpLines(backup),
    ...Object.entries(reportsOf(backup)).map(([name, value]) => line("env", name, value)),
  ];
}

/** What ssh is called with, and what it reads: none without a repository over SFTP. */
function sftpLines({ hostKey, sshKey }: BackupConfig): pulumi.Output<string>[] {
  if (hostKey === "") return [];
  const files = { ...sftpFiles(hostKey), key: sshKey };
  return Object.entries(files).map(([name, value]) => line("sftp", name, value));
}

/** Who is told, for backup-lib.sh. */
function reportsOf({ reports }: BackupConfig): Record<string, pulumi.Output<string>> {
  return {
    HOMEPORT_REPORT_URL: reports.url,
    HOMEPORT_HEARTBEAT_URL: reports.heartbeatUrl,
    HOMEPORT_REPORT_MAIL: reports.mail,
    HOMEPORT_SMTP_SERVER: reports.smtpServer,
    HOMEPORT_SMTP_FROM: reports.smtpFrom,
    HOMEPORT_SMTP_USERNAME: reports.smtpUsername,
    HOMEPORT_SMTP_PASSWORD: reports.smtpPassword,
  };
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
