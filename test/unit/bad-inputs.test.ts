import { describe, expect, it } from "vitest";
import type { SystemSpec } from "../../components/lib/system";
import { BAD_CONFIGS } from "../support/bad-config";
import { BAD_SPECS, SHOP } from "../support/bad-specs";
import { faultsOf } from "../support/systems";
import { messages, parseWith } from "../support/valid-config";

const FORM = /^(\S.*?): must (.+?), got (.+); fix: (.+)$/s;
const SECRET = `ghp_${"Qz7".repeat(12)}`;

function ruleOf(message: string): string {
  return FORM.exec(message)?.[2] ?? "";
}

/** What each input is answered; a config's message is in its own table. */
const ANSWERS: readonly (readonly [what: string, said: readonly string[]])[] = [
  ...BAD_SPECS.map(({ mistake, spec }) => [mistake, faultsOf(spec)] as const),
  ...BAD_CONFIGS.map(({ mistake, message: _, ...change }) => [mistake, messages(parseWith(change))] as const),
];

describe("bad inputs, in specs and in configs", () => {
  it("are none where nothing is wrong", () => {
    expect(faultsOf(SHOP)).toEqual([]);
    expect(messages(parseWith())).toEqual([]);
  });

  it.each(BAD_SPECS)("a spec with $mistake is told field, rule and fix", ({ spec, field, rule }) => {
    const said = faultsOf(spec);
    expect(said).toEqual([expect.stringContaining(`${field}: must ${rule}`)]);
    expect(said[0]).toMatch(FORM);
  });

  it("are at least 60 over at least 30 rules, each told by field, rule and fix", () => {
    const said = ANSWERS.flatMap(([, all]) => all);
    expect(ANSWERS.filter(([, all]) => all.length === 0)).toEqual([]);
    expect(said.filter((message) => !FORM.test(message))).toEqual([]);
    expect(BAD_SPECS.length).toBeGreaterThanOrEqual(30);
    expect(ANSWERS.length).toBeGreaterThanOrEqual(60);
    expect(new Set(BAD_SPECS.map(({ spec }) => ruleOf(faultsOf(spec)[0] ?? ""))).size).toBeGreaterThanOrEqual(
      25,
    );
    expect(new Set(said.map(ruleOf)).size).toBeGreaterThanOrEqual(50);
  });

  it("are told all at once: every fault of a spec in which everything is wrong", () => {
    const merged = BAD_SPECS.filter(({ alone }) => alone !== true);
    const spec = merged.reduce((all, { change }) => change(all), SHOP);
    const said = faultsOf(spec);
    expect(merged.length).toBeGreaterThanOrEqual(15);
    for (const { field, rule } of merged)
      expect(said).toContainEqual(expect.stringContaining(`${field}: must ${rule}`));
  });

  it("show no secret that was written into the wrong field", () => {
    const pasted: readonly Partial<SystemSpec>[] = [
      { name: SECRET },
      { databases: [{ service: SECRET, name: SECRET, user: SECRET }] },
      { files: { [`/${SECRET} `]: { owner: SECRET, mode: SECRET } } },
      { sites: [{ hostname: SECRET.repeat(3), routes: { "/": SECRET } }] },
      { edge: { notify: { emails: [SECRET], webhook: SECRET } } },
    ];
    for (const change of pasted) {
      const got = faultsOf({ ...SHOP, ...change }).map((message) => FORM.exec(message)?.[3]);
      expect(got.length).toBeGreaterThan(0);
      expect(got.join("\n")).not.toContain(SECRET);
    }
  });
});
