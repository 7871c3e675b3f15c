import { existsSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import type { Graph } from "../support/mocks";
import { CANARIES, productionStack, inStack } from "../support/program";

describe("the program with a bad config", () => {
  let graph: Graph;
  let error: Error;
  let wroteFiles: boolean;

  beforeAll(async () => {
    const input = productionStack();
    const raw = {
      ...input.raw,
      "homeport:location": "fra1",
      "homeport:adminCidrs": '["0.0.0.0/0"]',
      "homeport:operatorPrivateKey": `${CANARIES.operatorPrivateKey} cut short`,
      "homeport:images": '{"db":"postgres","proxy":"caddy:latest","web":"ghcr.io/mxcorre/calendar"}',
    };
    await inStack({ ...input, raw }, async (made) => {
      error = await import("../../index").then(
        () => new Error("the program ran"),
        (reason: unknown) => reason as Error,
      );
      graph = made;
      wroteFiles = existsSync(".homeport");
    });
  }, 60_000);

  it("ends with every fault in one message, which the engine shows without a stack trace", () => {
    expect(pulumi.RunError.isInstance(error)).toBe(true);
    expect(error.constructor.name).toBe("ConfigError");
    const named = error.message.split("\n").map((line) => line.trim().split(": ")[0]);
    expect(named).toEqual([
      "config of stack prod",
      "homeport:operatorPrivateKey",
      "homeport:location",
      "homeport:adminCidrs[0]",
      ...["db", "web", "proxy"].map((service) => `homeport:images.${service}`),
    ]);
  });

  it("shows no secret while it does", () => {
    for (const value of Object.values(CANARIES)) expect(error.message).not.toContain(value);
  });

  it("asks for no resource and no provider function, and writes no key", () => {
    expect(graph.resources.map(({ name }) => name)).toEqual([]);
    expect(graph.calls).toEqual([]);
    expect(wroteFiles).toBe(false);
  });
});
