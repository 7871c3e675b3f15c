import { beforeAll, describe, expect, it } from "vitest";
import { expectGolden } from "../support/golden";
import { productionStack, runProgram, type ProgramRun } from "../support/program";

const STACK = "homeport-prod";

describe("the URNs of the program", () => {
  let run: ProgramRun;

  beforeAll(async () => {
    run = await runProgram(productionStack());
  }, 60_000);

  it("are those that stacks in use know: with another one a server would be replaced", () => {
    const made = new Map(run.graph.resources.map((resource) => [resource.name, resource]));
    const types = (name: string): string[] => {
      const resource = made.get(name);
      if (resource === undefined || name === STACK) return [];
      return [...types(resource.parent), resource.type];
    };
    const urns = [...made.keys()].map((name) => `${types(name).join("$")}::${name}`).sort();

    expect(urns.length).toBeGreaterThan(50);
    expectGolden("running-calendar.urns", `${urns.join("\n")}\n`);
  });
});
