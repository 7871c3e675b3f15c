import { describe, expect, it } from "vitest";
import { timeOf } from "../../cli/commands/restore";
import { CliError } from "../../cli/cli-error";
import type { PulumiStack } from "../../cli/pulumi";
import type { RestoreEvidence } from "../../cli/recovery/copies";
import { describeRestore } from "../../cli/recovery/copies";
import { backedUpOf } from "../../cli/recovery/databases";
import { momentOf, withOneRestore } from "../../cli/recovery/one-restore";
import { placesOf, upWherePossible } from "../../cli/recovery/places";
import { measure } from "../../cli/recovery/report";

const HOME = { location: "nbg1", serverType: "cx23" };
const GO_ON = "homeport recover --dead";
const BIGGER = { location: "nbg1", serverType: "cx33" };

/** A stack whose `up` gives these answers in turn; what it is told to set is in `written`. */
function stackWith(answers: readonly { code: number; stderr: string }[]): {
  stack: PulumiStack;
  written: string[];
} {
  const left = [...answers];
  const written: string[] = [];
  const stack = {
    upAndRead: () => Promise.resolve({ stdout: "", ...(left.shift() ?? { code: 1, stderr: "no answer" }) }),
    setConfig: ({ key, value }: { key: string; value: string }) => {
      written.push(`${key} ${value}`);
      return Promise.resolve();
    },
  };
  return { stack: stack as unknown as PulumiStack, written };
}

const EVIDENCE: RestoreEvidence = {
  ...{ action: "restored", at: "2026-11-20T10:00:00Z", database: "calendar", into: "live", seconds: 2 },
  ...{ skipped: [], copy: "0123456789", taken_at: "2026-11-20T03:00:00Z", tables: 3, rows: 40 },
};

describe("homeport recover", () => {
  it("tries the stack's own place first and each other place once", () => {
    expect(placesOf({ ...HOME, recoverLadder: [BIGGER, HOME, BIGGER] })).toEqual([HOME, BIGGER]);
  });

  it("goes to the next place when a type is out of stock, and writes it to the config", async () => {
    const { stack, written } = stackWith([
      { code: 255, stderr: "error: no capacity (resource_unavailable, 1)" },
      { code: 0, stderr: "" },
    ]);
    expect(await upWherePossible(stack, new Map(), [HOME, BIGGER], GO_ON)).toEqual(BIGGER);
    expect(written).toEqual(["homeport:location nbg1", "homeport:serverType cx33"]);
  });

  it("stays where it is after any other failure, and names the command that goes on", async () => {
    const { stack, written } = stackWith([{ code: 255, stderr: "error: token refused" }]);
    await expect(upWherePossible(stack, new Map(), [HOME, BIGGER], GO_ON)).rejects.toThrow(
      /fix: homeport recover --dead/,
    );
    expect(written).toEqual([]);
  });

  it("says so when no place is left", async () => {
    const { stack } = stackWith([{ code: 255, stderr: "resource_unavailable" }]);
    await expect(upWherePossible(stack, new Map(), [HOME], GO_ON)).rejects.toThrow(/homeport:recoverLadder/);
  });

  it("measures the loss from the moment that the copy shows, and the time until all is proven", () => {
    const began = Date.parse("2026-11-20T09:00:00Z");
    const recovery = { began, place: HOME, restored: [EVIDENCE] };
    expect(measure(recovery, began + 61_000)).toEqual({ lost: 6 * 3600, took: 61 });
  });

  it("knows no loss where nothing was restored", () => {
    const restored: RestoreEvidence = { ...EVIDENCE, action: "nothing-to-restore", taken_at: undefined };
    expect(measure({ began: 0, place: HOME, restored: [EVIDENCE, restored] }, 1000).lost).toBeUndefined();
  });

  it("measures the longest loss of several databases", () => {
    const began = Date.parse("2026-11-20T09:00:00Z");
    const older = { ...EVIDENCE, taken_at: "2026-11-20T02:00:00Z" };
    expect(measure({ began, place: HOME, restored: [EVIDENCE, older] }, began).lost).toBe(7 * 3600);
  });
});

describe("homeport recover --to", () => {
  const to = "2026-11-20T14:03:07.000Z";
  const failing = (): Promise<never> => Promise.reject(new Error("up failed"));

  it("has the time in the config while it restores, and what was there before afterwards", async () => {
    for (const before of ["auto", "none"]) {
      const { stack, written } = stackWith([]);
      const during = await withOneRestore(stack, { to, before }, () => Promise.resolve([...written]));
      expect([during, written.at(-1)]).toEqual([[`homeport:restore ${to}`], `homeport:restore ${before}`]);
    }
  });

  it("leaves no time behind when up fails: the next server would become that old", async () => {
    const { stack, written } = stackWith([]);
    await expect(withOneRestore(stack, { to, before: "auto" }, failing)).rejects.toThrow("up failed");
    expect(written).toEqual([`homeport:restore ${to}`, "homeport:restore auto"]);
  });

  it("takes the time that a killed run has left, unless another is given, and leaves it no longer", async () => {
    const before = "2026-11-19T00:00:00Z";
    expect([momentOf({ before }), momentOf({ to, before }), momentOf({ before: "auto" })]).toEqual([
      before,
      to,
      undefined,
    ]);
    for (const [order, sets] of [
      [{ before }, []],
      [{ to, before }, [`homeport:restore ${to}`]],
    ] as const) {
      const { stack, written } = stackWith([]);
      await withOneRestore(stack, order, () => Promise.resolve());
      expect(written).toEqual([...sets, "homeport:restore auto"]);
    }
  });

  it("touches the config in no other recovery", async () => {
    const { stack, written } = stackWith([]);
    await withOneRestore(stack, { before: "none" }, () => Promise.resolve());
    expect(written).toEqual([]);
  });
});

describe("what a system backs up", () => {
  const system = {
    name: "shop",
    files: [],
    backupVolumes: [],
    databases: ["shop_production", "Shop Cache"].map((name) => ({ service: "db", name, user: "postgres" })),
  };

  it("are all meant, each with the folder that its backups lie in", () => {
    expect(backedUpOf(system)).toEqual([
      { database: "shop_production", folder: "postgres" },
      { database: "Shop Cache", folder: "postgres-shop-cache" },
    ]);
  });

  it("are followed by its directories and volumes, as one", () => {
    const backupVolumes = [{ name: "uploads", exclude: [], sqlite: [] }];
    expect(backedUpOf({ ...system, backupVolumes }).at(-1)).toMatchObject({ folder: "files", isFiles: true });
    expect(backedUpOf({ ...system, backupVolumes }, "files")).toHaveLength(1);
  });

  it("are one with --database; a name that is none of them is told with those that are", () => {
    expect(backedUpOf(system, "Shop Cache").map(({ folder }) => folder)).toEqual(["postgres-shop-cache"]);
    expect(() => backedUpOf(system, "shop")).toThrow(/shop_production, Shop Cache.*got shop/);
  });
});

describe("homeport restore", () => {
  it("takes a time with its zone and nothing else", () => {
    expect(timeOf("2026-11-20T04:59:00+02:00")).toBe("2026-11-20T02:59:00.000Z");
    for (const text of ["yesterday", "2026-11-20", "2026-11-20T02:59:00", "2026-13-20T02:59:00Z"])
      expect(() => timeOf(text)).toThrow(CliError);
  });

  it("tells each copy that was skipped and why", () => {
    const skipped = [{ copy: "abcdef0123456", copy_time: "2026-11-20T03:00:01Z", why: "cut short" }];
    const text = describeRestore({ ...EVIDENCE, skipped });
    expect(text).toContain("restored copy 01234567 of 2026-11-20T03:00:00Z (3 tables, 40 rows, 2 s)");
    expect(text).toContain("skipped abcdef01 of 2026-11-20T03:00:01Z: cut short");
  });
});
