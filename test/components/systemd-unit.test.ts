import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defineSystem } from "../../components/lib/system";
import { houseFaults, milestone, testHost } from "../support/component-bed";
import { isSecret, openTexts, plain, recordGraph, settled } from "../support/mocks";
import { CANARY, canary } from "../support/provider-answers";

const graph = recordGraph();
const code = mkdtempSync(join(tmpdir(), "homeport-unit-"));
const SYSTEM = defineSystem({
  name: "shop",
  services: {},
  units: {
    api: {
      ...{ source: relative(process.cwd(), code), command: ["bin/api"], port: 8000 },
      ...{ user: "api", uid: 810, runtime: "python-venv", packages: ["ffmpeg"], startSeconds: 20 },
      ...{ environment: { MODE: "live" }, writable: { data: {} }, excludes: ["drafts"] },
      ...{ secrets: ["API_KEY_BASE"], secretsAs: { API_KEY_BASE: "SECRET_KEY_BASE" } },
    },
  },
  sites: [{ hostname: "@", routes: { "/": "api:8000" } }],
  secrets: { API_KEY_BASE: { kind: "kept" } },
});

beforeAll(async () => {
  for (const folder of ["bin", "data", "drafts"]) mkdirSync(join(code, folder));
  writeFileSync(join(code, "bin/api"), "#!/bin/sh\n", { mode: 0o755 });
  for (const left of ["data/live.sqlite3", "drafts/one", ".env"]) writeFileSync(join(code, left), "stays");
  const { Secrets } = await import("../../components/secrets");
  const { SystemdUnit } = await import("../../components/systemd-unit");
  const kept = { API_KEY_BASE: pulumi.secret(canary("key-base")) };
  new SystemdUnit("units-api", {
    ...{ unit: SYSTEM.units[0]!, system: "shop", host: testHost(), environment: { MODE: "live" } },
    secrets: new Secrets("secrets", { system: SYSTEM, kept }),
    ...{ packagesReady: milestone("packages"), beforeStart: [milestone("restored")] },
  });
  await settled();
});
afterAll(() => rmSync(code, { recursive: true }));

function decoded(stdin: unknown, kind: string): Map<string, string> {
  const lines = String(plain(stdin))
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([first]) => first === kind);
  return new Map(lines.map(([, name = "", text = ""]) => [name, Buffer.from(text, "base64").toString()]));
}

describe("SystemdUnit", () => {
  it("is secrets, code, start, and they wait for each other in this order (S2-13)", () => {
    expect(graph.children("units-api")).toEqual([
      "command:local:Command units-api-code",
      "command:remote:Command units-api-environment",
      "command:remote:Command units-api-start",
    ]);
    expect(graph.get("units-api-environment").dependencies).toContain("packages");
    expect(graph.get("units-api-code").dependencies).toContain("units-api-environment");
    expect(graph.get("units-api-start").dependencies).toEqual(
      expect.arrayContaining(["units-api-code", "restored"]),
    );
    expect(houseFaults(graph, ["units-api", "secrets"])).toEqual([]);
  });

  it("writes its environment for its own account, each secret by the name that it has there", () => {
    const { inputs } = graph.get("units-api-environment");
    expect(inputs.create).toBe("sudo -n bash -s -- '/opt/api' 'api' '810'");
    expect(isSecret(inputs.stdin)).toBe(true);
    expect(String(plain(inputs.stdin))).toMatch(
      new RegExp(`MODE="live"\nSECRET_KEY_BASE="${canary("key-base")}"\n$`),
    );
    expect(inputs.logging).toBe("none");
  });

  it("sends the code that is meant, by hash and mode, and installs what it needs", () => {
    const { inputs } = graph.get("units-api-code");
    const manifest = String(inputs.stdin).split("\n@files\n")[1] ?? "";
    expect(manifest).toMatch(/^[0-9a-f]{64} 750 bin\/api\n?$/);
    const release = /'([0-9a-f]{12,64})' 'python-venv' 'python3 python3-venv ffmpeg' 'data'$/;
    expect(inputs.create).toMatch(release);
    const [, hash = ""] = release.exec(String(inputs.create)) ?? [];
    expect(graph.get("units-api-start").inputs.create).toBe(
      `sudo -n bash -s -- 'api' '/opt/api' 'api' '${hash}' '8000' '/up' '20'`,
    );
  });

  it("starts by three files of systemd without a secret, and the environment it is restarted for (H9)", () => {
    const { stdin } = graph.get("units-api-start").inputs;
    const files = decoded(stdin, "file");
    expect([...files.keys()]).toEqual([
      "/etc/systemd/system/api.service",
      "/etc/systemd/system/homeport-unit-api.socket",
      "/etc/systemd/system/homeport-unit-api.service",
    ]);
    expect(files.get("/etc/systemd/system/api.service")).toMatch(/^User=api$/m);
    expect([...files.values()].join("")).not.toContain(CANARY);
    expect(decoded(stdin, "environment").get(".env")).toContain(canary("key-base"));
  });

  it("shows no secret to who reads the state", () => {
    expect(openTexts(graph.resources.map(({ inputs }) => inputs)).join()).not.toContain(CANARY);
  });
});
