import type { System } from "../../components/lib/system";
import { limitedUnits, type UnitLimits } from "../../components/lib/system-units";
import { broken, checkOf, proven, replaceStep, type Check, type Verdict } from "./check";
import type { Output } from "./facts";

/** What units use, where the spec says how much that may be. */
export const LIMIT_CHECKS: readonly Check[] = [
  checkOf(
    "S2-23",
    "units keep within their limits",
    "host",
    (host, { system }) => limitsVerdict(host.limits, system),
    ({ units }) => limitedUnits(units).length > 0,
  ),
];

const WORDS: Readonly<Record<keyof UnitLimits, readonly [what: string, unit: string]>> = {
  responseMs: ["response", "ms"],
  memoryMb: ["memory", "MiB"],
  cpuPercent: ["CPU", "%"],
  freeDiskMb: ["free disk", "MiB"],
};

interface Used {
  readonly unit: string;
  readonly used: Required<UnitLimits>;
}

/** What `homeport-limits` has measured now, against the spec of now. */
export function limitsVerdict(probe: Output, system: System): Verdict {
  const lines = probe.out.split("\n").filter((line) => line !== "");
  const measured = lines.map((line) => JSON.parse(line) as Used);
  const evidence: string[] = [];
  for (const { name, limits } of limitedUnits(system.units)) {
    const used = measured.find(({ unit }) => unit === name)?.used;
    if (used === undefined) return broken(`${name} is not measured`, replaceStep("units-limits"));
    const over = (Object.keys(limits) as (keyof UnitLimits)[]).find((key) => isOver(key, used, limits));
    if (over !== undefined)
      return broken(`${name}: ${say(over, used[over])}, limit ${limits[over]}`, `homeport logs ${name}`);
    evidence.push(
      `${name} ${(Object.keys(limits) as (keyof UnitLimits)[]).map((key) => say(key, used[key])).join(", ")}`,
    );
  }
  return proven(evidence.join("; "));
}

function isOver(key: keyof UnitLimits, used: Required<UnitLimits>, limits: UnitLimits): boolean {
  const limit = limits[key] ?? 0;
  return key === "freeDiskMb" ? used[key] < limit : used[key] > limit;
}

function say(key: keyof UnitLimits, value: number): string {
  const [what, unit] = WORDS[key];
  return `${what} ${value} ${unit}`;
}
