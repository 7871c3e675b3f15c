import { specFault as fault, type Fault } from "./faults";
import type { UnitLimits } from "./system-units";

const THRESHOLDS: Readonly<Record<keyof UnitLimits, readonly [least: number, most: number]>> = {
  responseMs: [1, 10_000],
  memoryMb: [16, 1_000_000],
  cpuPercent: [1, 12_800],
  freeDiskMb: [1, 10_000_000],
};

/** Every broken rule of what a unit may use; `at` is where the spec says it. */
export function thresholdFaults(at: string, limits: UnitLimits): Fault[] {
  return Object.entries(limits as Readonly<Record<string, number>>).flatMap(([name, value]) => {
    const range = (THRESHOLDS as Readonly<Record<string, readonly [number, number]>>)[name];
    if (range === undefined)
      return [fault(at, `name ${Object.keys(THRESHOLDS).join(", ")}`, name, "rename or remove it")];
    const [least, most] = range;
    if (Number.isInteger(value) && value >= least && value <= most) return [];
    return [
      fault(
        `${at}.${name}`,
        `be a whole number from ${least} to ${most}`,
        value,
        "set it to what is usual, twice",
      ),
    ];
  });
}
