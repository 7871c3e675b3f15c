import { describe, expect, it } from "vitest";
import { accessVerdict, packagesVerdict } from "../../cli/verify/checks-demands";
import { defineSystem } from "../../components/lib/system";
import { SERVICE } from "../support/systems";
import { expectedStack } from "../support/verify";

const COMPOSE = "docker-compose-v2|docker-compose";
const system = defineSystem({
  name: "shop",
  services: { web: SERVICE },
  sites: [{ hostname: "@", routes: { "/": "web:80" } }],
  packages: ["git", COMPOSE],
  files: { "/srv/logs": { backup: false } },
  accessLog: { directory: "/srv/logs", rollSizeMb: 1, rollKeep: 4 },
});
const expected = expectedStack({ system });

describe("a system's packages (S3-1)", () => {
  const found = {
    packages: { git: "git 1:2.47.3", [COMPOSE]: "docker-compose 2.26.1-4" },
    compose: "2.26.1-4",
  };
  it.each([
    [
      "there",
      found,
      { ok: true, evidence: "git 1:2.47.3, docker-compose 2.26.1-4; docker compose 2.26.1-4" },
    ],
    [
      "not installed",
      { ...found, packages: { git: "", [COMPOSE]: found.packages[COMPOSE] } },
      { ok: false, found: "not installed: git" },
    ],
    ["not looked at", { ...found, packages: {} }, { ok: false, found: `not installed: git, ${COMPOSE}` }],
    [
      "there, with a Compose that Docker does not take for its plugin",
      { ...found, compose: "" },
      { ok: false, found: "docker compose version does not answer" },
    ],
    [
      "there, with a Compose of before it was a plugin",
      { packages: { git: "git 2.39", [COMPOSE]: "docker-compose 1.29.2-3" }, compose: "" },
      { ok: false, fix: "an image that has Compose 2, such as debian-13" },
    ],
  ])("are %s", (_, facts, verdict) => {
    expect(packagesVerdict(facts, expected)).toMatchObject(verdict);
  });
});

describe("a system's access log (S3-25)", () => {
  const access = { lines: 1, query: 0, bytes: 1_300_000 };
  const evidence = "/srv/logs/access.log: a visit, without its query; 2 of at most 5 MiB";
  it.each([
    ["written", access, { ok: true, evidence }],
    [
      "not written any more: somebody removed the file",
      { ...access, lines: 0 },
      { ok: false, found: "/srv/logs/access.log: a visit is not in it" },
    ],
    [
      "told too much",
      { ...access, query: 1 },
      { ok: false, found: "/srv/logs/access.log: a query is in it" },
    ],
    [
      "not turned over",
      { ...access, bytes: 6_000_000 },
      { ok: false, found: "/srv/logs: 6 MiB of access log, more than 5" },
    ],
    ["not looked at", null, { ok: false }],
  ])("is %s", (_, facts, verdict) => {
    expect(accessVerdict({ access: facts }, expected)).toMatchObject(verdict);
  });
});
