import { beforeAll, describe, expect, it } from "vitest";
import { houseFaults } from "../support/component-bed";
import { localStack, runProgram, type ProgramRun } from "../support/program";

describe("the program with a local cloud's stack", () => {
  let run: ProgramRun;

  beforeAll(async () => {
    run = await runProgram(localStack());
  }, 60_000);

  it("is the same graph, whole and with every child its own", () => {
    expect(houseFaults(run.graph, ["homeport-local"])).toEqual([]);
    expect(run.graph.before("dns-apex")).toContain("edge-ssl");
    expect(run.graph.before("edge-ssl")).toContain("proxy-answers");
    expect(run.graph.get("edge-ssl").inputs).toMatchObject({ settingId: "ssl", value: "strict" });
  });

  it("protects nothing, neither by Pulumi nor at the provider, so that it can be destroyed", () => {
    expect(run.graph.resources.filter(({ protect }) => protect)).toEqual([]);
    expect(run.graph.get("server-ipv4").inputs.deleteProtection).toBe(false);
    expect(run.graph.get("server-host").inputs).toMatchObject({
      ...{ deleteProtection: false, rebuildProtection: false },
    });
  });

  it("takes the local images, ranges and names", () => {
    expect(run.graph.get("server-host").inputs).toMatchObject({
      ...{ name: "running-calendar-local", image: "debian-13", serverType: "cx23" },
    });
    expect(run.graph.get("app-db-image").inputs.name).toBe("postgres:17");
    expect(run.graph.get("proxy-image").inputs.name).toBe("caddy:2");
    const rules = run.graph.get("firewall-rules").inputs.rules as { sourceIps: string[] }[];
    expect(rules.map(({ sourceIps }) => sourceIps)).toEqual([
      ["198.19.255.254/32"],
      ["198.19.0.0/24", "2001:db8:cf::/48"],
      ["198.19.0.0/24", "2001:db8:cf::/48"],
      ["198.19.255.254/32"],
    ]);
  });

  it("knows its world by config alone: only the call to the API itself names the local cloud's endpoint", () => {
    const naming = run.graph.resources.filter((resource) =>
      JSON.stringify(resource).includes("127.0.0.1:4990"),
    );
    expect(naming.map(({ name }) => name)).toEqual(["server-power"]);
  });
});
