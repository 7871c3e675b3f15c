import { describe, expect, it } from "vitest";
import { LIMIT_CHECKS, limitsVerdict } from "../../cli/verify/checks-limits";
import { defineSystem, type System } from "../../components/lib/system";
import type { UnitLimits } from "../../components/lib/system-units";
import { said } from "../support/verify";

const LIMITS = { responseMs: 500, memoryMb: 100, cpuPercent: 25, freeDiskMb: 1024 };

function system(limits?: UnitLimits): System {
  const api = { source: "../api", command: ["run"], port: 8000, ...(limits === undefined ? {} : { limits }) };
  return defineSystem({
    name: "shop",
    services: {},
    units: { api },
    proxy: "nginx",
    sites: [{ hostname: "@", routes: { "/": "api:8000" } }],
  });
}

const GOOD = { responseMs: 12, memoryMb: 64, cpuPercent: 1, freeDiskMb: 20_000 };
const verdict = (used: object, limits: UnitLimits = LIMITS) =>
  limitsVerdict(said(`${JSON.stringify({ unit: "api", limits: {}, used })}\n`), system(limits));

describe("limits of units (S2-23)", () => {
  it("are kept: what is used now is the evidence", () => {
    expect(verdict(GOOD)).toEqual({
      ok: true,
      evidence: "api response 12 ms, memory 64 MiB, CPU 1 %, free disk 20000 MiB",
    });
    expect(verdict({ ...GOOD, cpuPercent: 99 }, { memoryMb: 100 })).toMatchObject({ ok: true });
  });

  it.each([
    [{ responseMs: 501 }, "api: response 501 ms, limit 500"],
    [{ memoryMb: 101 }, "api: memory 101 MiB, limit 100"],
    [{ cpuPercent: 26 }, "api: CPU 26 %, limit 25"],
    [{ freeDiskMb: 1023 }, "api: free disk 1023 MiB, limit 1024"],
  ])("are not kept: %o", (worse, found) => {
    expect(verdict({ ...GOOD, ...worse })).toMatchObject({ ok: false, found });
  });

  it("are not proven by silence", () => {
    expect(limitsVerdict(said(""), system(LIMITS))).toMatchObject({
      ok: false,
      found: "api is not measured",
      fix: "pulumi up --replace '**::units-limits'",
    });
  });

  it("are asked about where a unit has some", () => {
    const [check] = LIMIT_CHECKS;
    expect(check?.appliesTo?.(system(LIMITS))).toBe(true);
    expect(check?.appliesTo?.(system())).toBe(false);
  });

  it.each<[UnitLimits, string]>([
    [{ responseMs: 0 }, "units.api.limits.responseMs: must be a whole number from 1 to 10000, got 0"],
    [{ memoryMb: 1.5 }, "units.api.limits.memoryMb: must be a whole number from 16 to 1000000, got 1.5"],
    [{ cpuPercent: -1 }, "units.api.limits.cpuPercent: must be a whole number from 1 to 12800"],
    [
      { disk: 5 } as UnitLimits,
      "units.api.limits: must name responseMs, memoryMb, cpuPercent, freeDiskMb, got disk",
    ],
  ])("are numbers that can hold: %o", (limits, message) => {
    expect(() => system(limits)).toThrow(message);
  });
});
