import { inspect } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { RefusalError } from "../../components/refusal";

describe("a refusal", () => {
  it("is its message alone in the SDK's trace, whatever hangs on the error", () => {
    const error = Object.assign(new RefusalError("not set\n  shop: must have"), { promise: { graph: process } });

    expect(pulumi.RunError.isInstance(error)).toBe(true);
    expect(inspect(error, { colors: true })).toBe("not set\n  shop: must have");
  });
});
