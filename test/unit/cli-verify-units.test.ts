import { describe, expect, it } from "vitest";
import {
  answerFault,
  envFault,
  errorsFault,
  listensFault,
  ownerFault,
  sandboxFault,
  shownFault,
  stateFault,
  strayVerdict,
  unitFacts,
  type UnitFacts,
} from "../../cli/verify/checks-units";
import type { Expected } from "../../cli/verify/check";
import { unitLogsCommand, unitStatus } from "../../cli/operations/unit";
import { defineSystem } from "../../components/lib/system";
import { said } from "../support/verify";

const UNIT = defineSystem({
  name: "shop",
  services: {},
  units: { api: { source: "api", command: ["bin/api"], port: 8000 } },
  sites: [{ hostname: "@", routes: { "/": "api:8000" } }],
}).units[0]!;

const GOOD: UnitFacts = {
  ...{ name: "api", state: "active running", enabled: "enabled", socket: "active", code: "200" },
  ...{ listens: "127.0.0.1:8000", env: "600 www-data:www-data", user: "www-data", exposure: "1.1" },
  ...{ owner: "root:root", alien: "" },
  ...{ errors: "0", shown: Buffer.from("User=www-data").toString("base64"), release: "b0401fbc7abc" },
};
const EXPECTED = { secrets: ["hunter2hunter2"] } as unknown as Expected;
const FAULTS = [answerFault, envFault, errorsFault, listensFault, ownerFault, sandboxFault, stateFault];

function found(changes: Partial<UnitFacts>): string {
  const facts = { ...GOOD, ...changes };
  const faults = [...FAULTS.map((fault) => fault(facts, UNIT)), shownFault(facts, UNIT, EXPECTED)];
  return faults.flatMap((fault) => (fault === undefined ? [] : [fault[0]])).join("\n");
}

describe("checks of units", () => {
  it("pass for one that is as it should be", () => {
    expect(found({})).toBe("");
    expect(strayVerdict(said(""))).toMatchObject({ ok: true });
  });

  it.each<[string, Partial<UnitFacts>, string]>([
    ["has stopped", { state: "failed failed" }, "it is failed failed"],
    ["a boot would not start", { enabled: "disabled" }, "a boot does not start it"],
    ["the proxy does not reach", { socket: "inactive" }, "its socket for the proxy is inactive"],
    ["is silent", { code: "000" }, "does not answer"],
    ["asks for a token", { code: "401" }, "its token is not set"],
    ["has no such route", { code: "404" }, "the routes"],
    ["fails", { code: "500" }, "a fault of its own"],
    ["does not know its host", { code: "400" }, "hostsVariable"],
    ["all the network reaches", { listens: "0.0.0.0:8000" }, "it listens on 0.0.0.0:8000"],
    ["all the network reaches by IPv6", { listens: "[::]:8000" }, "it listens on [::]:8000"],
    ["listens nowhere", { listens: "" }, "nothing listens"],
    ["has an open environment", { env: "644 www-data:www-data" }, ".env is 644"],
    ["has none", { env: "" }, ".env is missing"],
    [
      "may change its folder",
      { owner: "www-data:www-data" },
      "/opt/api belongs to www-data:www-data, not to root",
    ],
    ["has no folder", { owner: "" }, "/opt/api belongs to nobody"],
    ["has code of another's", { alien: "/opt/api/current/run" }, "/opt/api/current/run is not www-data's"],
    ["runs as root", { user: "" }, "it runs as root"],
    ["lost its sandbox", { exposure: "9.2" }, "gives it 9.2"],
    ["writes errors", { errors: "3" }, "3 lines of errors"],
    [
      "shows a secret",
      { shown: Buffer.from("Environment=A=hunter2hunter2").toString("base64") },
      "a secret value",
    ],
  ])("fail for one that %s", (_, changes, text) => {
    expect(found(changes)).toContain(text);
    expect(found(changes)).not.toContain("hunter2");
  });

  it("fail for a file of secrets on the host, and when nobody could look", () => {
    expect(strayVerdict(said("/opt/api/current/.secrets.json\n"))).toMatchObject({ ok: false });
    expect(strayVerdict({ code: 1, out: "", err: "" })).toMatchObject({ ok: false });
  });

  it("read one JSON object a line", () => {
    expect(unitFacts(said(`${JSON.stringify(GOOD)}\n`))).toEqual([GOOD]);
  });
});

describe("commands for units", () => {
  it("list one with its release, and one of which nothing is heard as missing", () => {
    const text = "\nunit api active running 2026-11-21T08:00:00Z b0401fbc7abc\n";
    expect(unitStatus([UNIT], text)).toMatchObject([
      { service: "api", ok: true, state: "active (running)", image: "/opt/api/releases/b0401fbc7abc" },
    ]);
    expect(unitStatus([UNIT], "")).toMatchObject([{ service: "api", ok: false }]);
  });

  it("ask the journal as Docker would be asked", () => {
    expect(unitLogsCommand(UNIT, { since: "10m", lines: "5", follow: true })).toContain(
      "-u api.service -n 5 --since '-10m' --follow",
    );
    expect(() => unitLogsCommand(UNIT, { lines: "x; id" })).toThrow("--lines");
  });
});
