import { describe, expect, it } from "vitest";
import { labelFaults, parseSelector } from "../../local-cloud/hetzner/labels";

const LABELS = { env: "prod", tier: "", "example.com/my": "label" };

describe("label selectors", () => {
  it.each([
    ["env=prod", true],
    ["env==prod", true],
    ["env = prod", true],
    ["env=dev", false],
    ["env!=dev", true],
    ["env!=prod", false],
    ["absent!=x", true],
    ["env", true],
    ["absent", false],
    ["!absent", true],
    ["!env", false],
    ["tier", true],
    ["tier=", true],
    ["env in (dev,prod)", true],
    ["env in (dev)", false],
    ["env notin (dev, test)", true],
    ["env notin (prod)", false],
    ["absent notin (x)", true],
    ["absent in (x)", false],
    ["example.com/my=label", true],
    ["env=prod,!absent,tier", true],
    ["env in (a,prod),tier!=x", true],
    ["env=prod,absent", false],
    ["constructor", false],
  ])("%s holds: %s", (selector, holds) => {
    expect(parseSelector(selector)?.(LABELS)).toBe(holds);
  });

  it.each(["", "=x", "a=b=c", "env in prod", "env in (a", "a b", "env=prod,", "-a", "a/b/c"])(
    "%j is no selector",
    (selector) => {
      expect(parseSelector(selector)).toBeUndefined();
    },
  );
});

describe("labels", () => {
  it("may have prefixed keys and empty values", () => {
    expect(labelFaults({ "example.com/my": "label", "just-a-key": "", A_b: "1.2" })).toEqual([]);
  });

  it.each([
    [{ "-a": "x" }],
    [{ a: "x y" }],
    [{ a: "é" }],
    [{ ["a".repeat(64)]: "" }],
    [{ a: "b".repeat(64) }],
    [{ "UPPER.com/a": "" }],
    [{ "hetzner.cloud/a": "" }],
    [{ "a/b/c": "" }],
  ])("%j is refused", (labels) => {
    expect(labelFaults(labels)).toHaveLength(1);
  });
});
