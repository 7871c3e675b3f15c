import * as pulumi from "@pulumi/pulumi";
import type { PlainPointInTime } from "./lib/config-rules-point-in-time";
import { archiveFolders } from "./lib/names";
import { serverFile, stdinLine } from "./lib/scripts";
import type { System } from "./lib/system";
import { RemoteStep, type Host } from "./remote-step";

const TYPE = "homeport:backup:PointInTime";
/** Scripts as they are called on the host; the library is what recovery on a new server runs too. */
const FILES = {
  "shipping.sh": "shipping.sh",
  "wal.sh": "wal.sh",
  "base.sh": "base.sh",
  "archive.sh": "../remote/archive.sh",
};

export interface PointInTimeArgs {
  readonly host: Host;
  readonly system: System;
  readonly pointInTime: PlainPointInTime;
  /** The databases are what they were on the server before, and backups are installed. */
  readonly after: readonly pulumi.Resource[];
}

/**
 * The write-ahead log of each database server leaves the host as it is written, and base backups on a schedule: a loss
 * of seconds instead of a night, and a way back to any moment. Switched off, it takes back what it did.
 */
export class PointInTime extends pulumi.ComponentResource {
  /** The log is being sent, and the first base backup was replayed. */
  readonly steps: readonly pulumi.Resource[];

  constructor(name: string, args: PointInTimeArgs, opts?: pulumi.ComponentResourceOptions) {
    super(TYPE, name, { enabled: args.pointInTime.enabled }, opts);

    const folders = [...new Set(Object.values(archiveFolders(args.system.databases)))];
    this.steps = folders.map(
      (folder) =>
        new RemoteStep(
          `${name}-${folder}`,
          {
            host: args.host,
            script: "92-point-in-time.sh",
            arguments: [folder, ...wordsOf(args.pointInTime)],
            stdin: filesOf(args.pointInTime),
            timeout: "2h",
          },
          { parent: this, dependsOn: [...args.after] },
        ),
    );
    this.registerOutputs({});
  }
}

function wordsOf({ enabled, every, waitingMegabytes, baseSchedule }: PlainPointInTime): string[] {
  if (!enabled) return ["off"];
  return ["on", String(every), String(waitingMegabytes), String(waitingMegabytes), baseSchedule];
}

function filesOf({ enabled }: PlainPointInTime): string {
  if (!enabled) return "";
  return Object.entries(FILES)
    .map(([file, source]) => stdinLine("file", file, serverFile(source)))
    .join("");
}
