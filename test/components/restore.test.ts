import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import { runningCalendar } from "../../systems/running-calendar";
import { houseFaults, milestone, testHost, testProvider } from "../support/component-bed";
import { canary } from "../support/provider-answers";
import { recordGraph, settled } from "../support/mocks";

const graph = recordGraph();

describe("Restore", () => {
  beforeAll(async () => {
    const { ContainerStack } = await import("../../components/container-stack");
    const { Restore } = await import("../../components/restore");
    const { Secrets } = await import("../../components/secrets");
    const host = testHost();
    const kept = { SECRET_KEY_BASE: pulumi.secret(canary("secret-key-base")) };
    new ContainerStack("app", {
      ...{ host, provider: testProvider(), hardened: milestone("hardened"), system: runningCalendar },
      images: { db: "postgres:16", web: "ghcr.io/mxcorre/calendar@sha256:1" },
      environment: {},
      secrets: new Secrets("secrets", { system: runningCalendar, kept }),
      beforeApplication: (ready: readonly pulumi.Resource[]) =>
        new Restore("restore", {
          ...{ host, mode: "auto", databases: ["postgres"] },
          after: [milestone("backup-installed"), ...ready],
        }).compared,
    });
    await settled();
  });

  it("is one step of its own, which goes with the server", () => {
    expect(graph.children("restore")).toEqual(["command:remote:Command restore-databases"]);
    expect(houseFaults(graph, ["app", "secrets", "restore", "the-provider"])).toEqual([]);
    expect(graph.get("restore-databases").inputs.create).toBe("sudo -n bash -s -- 'auto' 'postgres'");
  });

  it("stands between the database and the application", () => {
    const { dependencies } = graph.get("restore-databases");
    for (const earlier of ["backup-installed", "app-db"]) expect(dependencies).toContain(earlier);
    expect(graph.get("app-web").dependencies).toContain("restore-databases");
    expect(graph.get("app-db").dependencies).not.toContain("restore-databases");
  });

  it("runs once per server: neither another script nor another mode runs it over a database in use", () => {
    expect(graph.get("restore-databases").inputs.triggers).toEqual(["42"]);
  });
});
