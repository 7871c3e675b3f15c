import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cronFault } from "../../components/lib/cron";

const LIMITS = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;

describe("cronFault", () => {
  it.each(["0 4 * * 0", "*/5 * * * *", "0,30 8-18/2 1-7 1,6 1-5", "59 23 31 12 7"])(
    "finds nothing wrong with %s",
    (text) => {
      expect(cronFault(text)).toBeUndefined();
    },
  );

  it.each([
    "",
    "0 4 * *",
    "0 4 * * 0 root",
    "0  4 * * 0",
    "@daily",
    "0 24 * * *",
    "0 4 0 * *",
    "0 4 * 13 *",
    "0 4 * * 8",
    "5-1 * * * *",
    "*/0 * * * *",
    "5/10 * * * *",
    "0 4 * jan *",
    "0 4 * * ?",
    "0 4 % * *",
    "0 4 * * 0\n* * * * *",
    "-1 * * * *",
    "1, * * * *",
    "0\t4 * * 0",
  ])("finds %j wrong", (text) => {
    expect(cronFault(text)).toBeTypeOf("string");
  });

  it("accepts every number, range and step within a field's limits, and none beyond", () => {
    const fields = fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 99 }), fc.nat({ max: 99 }));
    fc.assert(
      fc.property(fields, ([index, low, high]) => {
        const [min, max] = LIMITS[index]!;
        const text = ["*", "*", "*", "*", "*"].with(index, `${low}-${high}`).join(" ");

        expect(cronFault(text) === undefined).toBe(min <= low && low <= high && high <= max);
      }),
    );
  });
});
