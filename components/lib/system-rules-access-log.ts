import { specFault as fault, type Fault } from "./faults";
import type { SystemSpec } from "./system";

/** Above, a log would rather fill the disk than be turned over, or outlive any reason to keep it. */
const MOST = { rollSizeMb: 1000, rollKeep: 1000, rollKeepDays: 3650 } as const;

/** Every broken rule of the access log. */
export function accessLogFaults({ accessLog, proxy, files = {} }: SystemSpec): Fault[] {
  if (accessLog === undefined) return [];
  const faults: Fault[] = [];
  if (proxy === "nginx") {
    const rule = "be left out with nginx, which cannot turn its log over: its container's is bounded";
    faults.push(fault("accessLog", rule, accessLog.directory, "remove it, or leave proxy out for caddy"));
  }
  if (!(accessLog.directory in files)) {
    const fix = `add ${JSON.stringify(accessLog.directory)}: { backup: false } to files`;
    faults.push(fault("accessLog.directory", "be a directory of files", accessLog.directory, fix));
  }
  for (const [field, most] of Object.entries(MOST) as [keyof typeof MOST, number][]) {
    const value = accessLog[field] ?? 1;
    if (Number.isInteger(value) && value >= 1 && value <= most) continue;
    const rule = `be a whole number from 1 to ${most}`;
    faults.push(fault(`accessLog.${field}`, rule, value, "leave it out for the default"));
  }
  return faults;
}
