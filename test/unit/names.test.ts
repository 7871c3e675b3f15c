import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isLabelValue, labels, physicalName } from "../../components/lib/names";

describe("physicalName", () => {
  it("is system, stack and role; the server has no role", () => {
    expect(physicalName("running-calendar", "prod")).toBe("running-calendar-prod");
    expect(physicalName("running-calendar", "prod", "ipv4")).toBe("running-calendar-prod-ipv4");
  });

  it("is a DNS label for every stack name that Pulumi allows, and no two stacks share one", () => {
    const stack = fc.stringMatching(/^[A-Za-z0-9_.-]{1,100}$/);
    fc.assert(
      fc.property(stack, stack, (one, other) => {
        expect(physicalName("running-calendar", one)).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
        if (one !== other) expect(physicalName("s", one)).not.toBe(physicalName("s", other));
      }),
    );
  });
});

describe("labels", () => {
  it("names project, system and stack in values that Hetzner takes", () => {
    expect(labels("running-calendar", "prod")).toEqual({
      project: "homeport",
      system: "running-calendar",
      stack: "prod",
    });
    expect(isLabelValue(labels("running-calendar", `-${"x".repeat(80)}`).stack)).toBe(true);
  });

  it.each([
    ["", true],
    ["a.b_c-1", true],
    ["-a", false],
    ["a".repeat(64), false],
    ["a b", false],
  ])("knows that value %j is allowed: %s", (text, allowed) => {
    expect(isLabelValue(text)).toBe(allowed);
  });
});
