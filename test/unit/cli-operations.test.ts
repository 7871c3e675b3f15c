import { describe, expect, it } from "vitest";
import { CliError } from "../../cli/cli-error";
import { consoleCommandLine } from "../../cli/commands/console";
import { kamalCommand } from "../../cli/commands/kamal";
import { lintCommand } from "../../cli/commands/lint";
import { logsCommandLine } from "../../cli/commands/logs";
import { psCommand, renderServices } from "../../cli/commands/ps";
import { rollbackCommand } from "../../cli/commands/rollback";
import {
  checkReached,
  checkService,
  consoleCommand,
  logsCommand,
  withContainer,
} from "../../cli/operations/service";
import { serviceStatus } from "../../cli/operations/status";
import { rollbackTarget, versionsOf } from "../../cli/operations/versions";
import type { StackUpdate } from "../../cli/pulumi";
import type { Image } from "../../cli/verify/checks-containers";
import { runningCalendar } from "../../systems/running-calendar";
import { expectedStack, goodContainers, IMAGES } from "../support/verify";

function errorOf(work: () => unknown): CliError {
  try {
    work();
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

const image = (letter: string): string => `ghcr.io/me/app@sha256:${letter.repeat(64)}`;

function updated(letter: string, change: Partial<StackUpdate> = {}): StackUpdate {
  return {
    kind: "update",
    result: "succeeded",
    endTime: `2026-11-2${letter.charCodeAt(0) % 10}T00:00:00Z`,
    config: { "homeport:images": { objectValue: { web: image(letter), db: "postgres:16" } } },
    ...change,
  };
}

describe("homeport rollback", () => {
  it("knows each version that ran once, latest first; not one that failed, was refreshed or destroyed", () => {
    const history = [
      updated("c", { result: "failed" }),
      updated("b"),
      updated("x", { kind: "refresh" }),
      updated("y", { kind: "destroy" }),
      updated("a"),
      updated("b"),
      updated("z", { config: {} }),
    ];
    expect(versionsOf(history, "web").map((version) => version.image)).toEqual([image("b"), image("a")]);
  });

  const versions = versionsOf([updated("b"), updated("a")], "web");

  it("goes to the version before the running one", () => {
    expect(rollbackTarget(versions, image("b"), undefined).image).toBe(image("a"));
  });

  it("goes to what still runs when the configured version never succeeded", () => {
    expect(rollbackTarget(versions, image("c"), undefined).image).toBe(image("b"));
  });

  it("refuses (3) when there is no former version", () => {
    const only = versionsOf([updated("b")], "web");
    expect(errorOf(() => rollbackTarget(only, image("b"), undefined)).exitCode).toBe(3);
  });

  it("takes a reference, a digest, or the start of one, and refuses what is none or several", () => {
    for (const to of [image("a"), `sha256:${"a".repeat(64)}`, "sha256:aaaaaaa", "aaaaaaa"])
      expect(rollbackTarget(versions, image("b"), to).image).toBe(image("a"));
    const twins = [...versions, { image: `${image("a").slice(0, -1)}b` }];
    for (const [to, known] of [
      ["ccccccc", versions],
      ["aaa", versions],
      ["", versions],
      ["aaaaaaaa", twins],
    ] as const)
      expect(errorOf(() => rollbackTarget(known, image("b"), to)).exitCode).toBe(3);
  });
});

describe("homeport ps", () => {
  const wanted = expectedStack().config.images;
  const images: readonly Image[] = IMAGES;
  const status = (containers = goodContainers()): ReturnType<typeof serviceStatus> =>
    serviceStatus(runningCalendar, wanted, containers, images);

  it("has a row for every service and the proxy (S1-30)", () => {
    expect(status().map(({ service, ok, state }) => [service, ok, state])).toEqual([
      ["db", true, "running, healthy"],
      ["web", true, "running, healthy"],
      ["proxy", true, "running, healthy"],
    ]);
    expect(renderServices(status())).toMatch(/✔ {2}db .*running_calendar-db .*postgres:16/);
  });

  it("tells what is missing, stopped, unhealthy or another image", () => {
    const [db, web, proxy] = goodContainers();
    if (db === undefined || web === undefined || proxy === undefined) throw new Error("three containers");
    const rows = status([
      { ...db, State: { Status: "exited", ExitCode: 137 } },
      { ...web, State: { Status: "running", Health: { Status: "unhealthy" } } },
      { ...web, Image: "sha256:proxy" },
    ]);
    expect(rows.map(({ service, state, ok, image: runs }) => [service, state, ok, runs])).toEqual([
      ["db", "exited (137)", false, wanted.db],
      ["web", "running, unhealthy", false, wanted.web],
      ["web", "running, healthy", false, expect.stringContaining("caddy:2.10.2")],
      ["proxy", "missing", false, wanted.proxy],
    ]);
  });
});

describe("homeport logs and console", () => {
  it("know the services of the system, and the proxy", () => {
    expect(checkService(runningCalendar, "proxy")).toBe("proxy");
    expect(errorOf(() => checkService(runningCalendar, "wep")).exitCode).toBe(2);
  });

  it("tell every wrong option at once", () => {
    const { exitCode, problems } = errorOf(() => logsCommand({ since: "yesterday; reboot", lines: "-1" }));
    expect([exitCode, problems.length]).toEqual([2, 2]);
    expect(logsCommand({})).toBe('docker logs --tail 100 "$id"');
    expect(logsCommand({ follow: true, since: "2h30m", lines: "all" })).toBe(
      `docker logs --tail all --since '2h30m' --follow "$id"`,
    );
  });

  it("run the system's console through with-secrets, and the database's without", () => {
    expect(consoleCommand(runningCalendar, "web", [], true)).toBe(
      `docker exec -it "$id" '/run/homeport/with-secrets' 'bin/rails' 'console'`,
    );
    expect(consoleCommand(runningCalendar, "db", [], false)).toBe(
      `docker exec -i "$id" 'psql' '-U' 'postgres' 'running_calendar_production'`,
    );
  });

  it("hand over secrets that are all optional where the container has some", () => {
    const { web } = runningCalendar.services;
    if (web === undefined) throw new Error("running-calendar has a service web");
    const system = {
      ...runningCalendar,
      services: { web: { ...web, secrets: ["BEAT"] } },
      secrets: { BEAT: { kind: "kept", optional: true } as const },
    };
    expect(consoleCommand(system, "web", ["true"], false)).toBe(
      `docker exec -i "$id" 'sh' '-c' '[ ! -x /run/homeport/with-secrets ] || exec /run/homeport/with-secrets "$@"; exec "$@"' 'sh' 'true'`,
    );
  });

  it("quote what is typed, so that the server's shell changes none of it", () => {
    expect(consoleCommand(runningCalendar, "db", ["psql", "-c", "select '$HOME'; "], false)).toContain(
      `'psql' '-c' 'select '\\''$HOME'\\''; '`,
    );
  });

  it("refuse a console where the system names none", () => {
    expect(errorOf(() => consoleCommand(runningCalendar, "proxy", [], false)).exitCode).toBe(2);
  });

  it("ask for running containers only where something is run in one", () => {
    expect(withContainer(runningCalendar, "web", "true", true)).toContain("docker ps -q ");
    expect(withContainer(runningCalendar, "web", "true", false)).toContain("docker ps -aq ");
  });

  it("tell a missing container and a lost connection from a command's own exit code", () => {
    expect(errorOf(() => checkReached(66, "web")).message).toContain("has no container");
    expect(errorOf(() => checkReached(255, "web")).message).toContain("connection");
    expect(() => checkReached(1, "web")).not.toThrow();
  });
});

describe("the help of each operation", () => {
  const makers = [psCommand, logsCommandLine, consoleCommandLine, rollbackCommand, lintCommand, kamalCommand];

  it.each(makers.map((make) => [make().name(), make] as const))(
    "%s: examples and exit codes",
    (_name, make) => {
      let help = "";
      make()
        .configureOutput({ writeOut: (text) => (help += text) })
        .outputHelp();
      expect(help).toContain("Examples:");
      expect(help).toMatch(/exit code/i);
    },
  );
});
