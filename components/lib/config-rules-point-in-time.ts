import { z } from "zod";
import type { ConfigReader } from "./config-reader";
import { cronFault } from "./cron";

/** How the write-ahead log leaves the server. */
export interface PlainPointInTime {
  /** False without a repository, and with one that is not S3. */
  readonly enabled: boolean;
  /** Seconds between two shipments: about what a lost server costs. */
  readonly every: number;
  /** Five-field cron expression: when a base backup is taken. */
  readonly baseSchedule: string;
  /** MiB of log that wait on the server when the store does not answer; as much again may wait in the database. */
  readonly waitingMegabytes: number;
}

export const DEFAULT_POINT_IN_TIME: PlainPointInTime = {
  enabled: true,
  every: 10,
  baseSchedule: "30 2 * * 0",
  waitingMegabytes: 1024,
};

const KEY = "homeport:pointInTime";
const RULE = "be an object of enabled, every, baseSchedule and waitingMegabytes";
const WHOLE = z.number().int();
const POINT_IN_TIME = z
  .strictObject({
    enabled: z.boolean(),
    every: WHOLE,
    baseSchedule: z.string(),
    waitingMegabytes: WHOLE,
  })
  .partial();
/** Least and most of each number. */
const RANGES = { every: [1, 300], waitingMegabytes: [128, 1_048_576] } as const;

/** On wherever there is an S3 repository; asked for without one it is a fault. */
export function pointInTime(reader: ConfigReader, repository: string | undefined): PlainPointInTime {
  const given = reader.structure(KEY, POINT_IN_TIME, RULE);
  const isPossible = repository?.startsWith("s3:") === true;
  if (given?.enabled === true && !isPossible)
    reader.faultAt(
      `${KEY}.enabled`,
      "be false without an S3 repository in homeport:backupRepository",
      true,
      reader.pathCommand(`${KEY}.enabled`, "false"),
    );
  checkNumbers(reader, given ?? {});
  checkSchedule(reader, given?.baseSchedule);
  const settings = { ...DEFAULT_POINT_IN_TIME, ...given };
  return { ...settings, enabled: settings.enabled && isPossible };
}

function checkSchedule(reader: ConfigReader, schedule: string | undefined): void {
  const rule = schedule === undefined ? undefined : cronFault(schedule);
  if (rule !== undefined) {
    const path = `${KEY}.baseSchedule`;
    reader.faultAt(path, rule, schedule, reader.pathCommand(path, `'${DEFAULT_POINT_IN_TIME.baseSchedule}'`));
  }
}

function checkNumbers(reader: ConfigReader, given: Partial<PlainPointInTime>): void {
  for (const name of ["every", "waitingMegabytes"] as const) {
    const [least, most] = RANGES[name];
    const value = given[name] ?? least;
    if (value >= least && value <= most) continue;
    const path = `${KEY}.${name}`;
    const fix = reader.pathCommand(path, String(DEFAULT_POINT_IN_TIME[name]));
    reader.faultAt(path, `be from ${least} to ${most}`, value, fix);
  }
}
