import { inspect } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { RefusalError } from "../../components/refusal";

describe("a refusal", () => {
  it("is its message alone in the SDK's trace: Node 20 does not come back from some of its paths", () => {
    const error = new RefusalError("not set\n  shop: must have");
    error.stack = "Error\n    at apply (/home/me/shop/node_modules/@pulumi/output.ts:516:31)";

    expect(pulumi.RunError.isInstance(error)).toBe(true);
    expect(inspect(error, { colors: true })).toBe("not set\n  shop: must have");
  });
});
