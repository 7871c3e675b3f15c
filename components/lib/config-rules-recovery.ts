import { z } from "zod";
import type { ConfigReader } from "./config-reader";
import { locationFault, serverTypeFault } from "./config-rules-server";

/** Where a lost server may be made anew. */
export interface RecoveryPlace {
  readonly location: string;
  readonly serverType: string;
}

export interface PlainRecovery {
  /** What a new server's empty database becomes: `auto` the newest copy, `none` nothing, or the newest until a time. */
  readonly restore: string;
  /** Tried in turn where the stack's own type is out of stock. */
  readonly recoverLadder: readonly RecoveryPlace[];
}

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
const LADDER = z.array(z.strictObject({ location: z.string(), serverType: z.string() }));

/** What comes back after a server was lost, and where. */
export function recovery(reader: ConfigReader): PlainRecovery {
  return { restore: restore(reader), recoverLadder: recoverLadder(reader) };
}

function restore(reader: ConfigReader): string {
  const key = "homeport:restore";
  const value = reader.text(key) ?? "auto";
  const isTime = RFC3339.test(value) && !Number.isNaN(Date.parse(value));
  if (value !== "auto" && value !== "none" && !isTime)
    reader.fault(key, "be auto, none or a time like 2026-11-20T02:59:00Z", value);
  return value;
}

function recoverLadder(reader: ConfigReader): readonly RecoveryPlace[] {
  const key = "homeport:recoverLadder";
  const rule = "be a list of places, each with a location and a serverType";
  const places = reader.structure(key, LADDER, rule) ?? [];
  for (const { location, serverType } of places) {
    const wrong = locationFault(location) ?? serverTypeFault(serverType);
    if (wrong !== undefined) reader.fault(key, wrong, `${serverType} in ${location}`);
  }
  return places;
}
