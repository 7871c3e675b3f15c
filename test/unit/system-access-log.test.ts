import { describe, expect, it } from "vitest";
import { defineSystem, type SystemSpec } from "../../components/lib/system";
import { faultsOf, SERVICE } from "../support/systems";

function spec(changes: Partial<SystemSpec>): SystemSpec {
  return {
    name: "shop",
    services: { web: SERVICE },
    sites: [{ hostname: "@", routes: { "/": "web:80" } }],
    files: { "/srv/shop/logs": { backup: false } },
    accessLog: { directory: "/srv/shop/logs" },
    ...changes,
  };
}

describe("the access log of a system", () => {
  it("fills in how it is turned over, as the spec says or 10 files of 10 MiB for 30 days", () => {
    const directory = "/srv/shop/logs";
    expect(defineSystem(spec({})).accessLog).toEqual({
      ...{ directory, rollSizeMb: 10, rollKeep: 10, rollKeepDays: 30 },
    });
    const accessLog = { directory, rollSizeMb: 1, rollKeepDays: 7 };
    expect(defineSystem(spec({ accessLog })).accessLog).toEqual({ ...accessLog, rollKeep: 10 });
    expect(defineSystem(spec({ accessLog: undefined })).accessLog).toBeUndefined();
  });

  it.each<[string, Partial<SystemSpec>, string]>([
    ["nginx", { proxy: "nginx" }, "accessLog: must be left out with nginx"],
    ["no directory of files", { files: {} }, "accessLog.directory: must be a directory of files"],
    [
      "one below",
      { accessLog: { directory: "/srv/shop/logs/a" } },
      "accessLog.directory: must be a directory",
    ],
    [
      "no size",
      { accessLog: { directory: "/srv/shop/logs", rollSizeMb: 0 } },
      "accessLog.rollSizeMb: must be",
    ],
    [
      "half a file",
      { accessLog: { directory: "/srv/shop/logs", rollKeep: 1.5 } },
      "accessLog.rollKeep: must",
    ],
    ["ever", { accessLog: { directory: "/srv/shop/logs", rollKeepDays: 9999 } }, "accessLog.rollKeepDays: "],
  ])("refuses %s", (_, changes, said) => {
    expect(faultsOf(spec(changes))).toEqual([expect.stringContaining(said)]);
  });
});
