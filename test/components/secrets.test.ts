import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import type { Service } from "../../components/lib/system";
import type { Secrets } from "../../components/secrets";
import { runningCalendar } from "../../systems/running-calendar";
import { houseFaults, smallSystem } from "../support/component-bed";
import { isSecret, openTexts, recordGraph, settled, valueOf, isSecretOutput } from "../support/mocks";
import { CANARY, canary } from "../support/provider-answers";

const graph = recordGraph();
const KEPT = canary("secret-key-base");

describe("Secrets", () => {
  let secrets: Secrets;
  const db = runningCalendar.services.db as Service;
  const web = runningCalendar.services.web as Service;

  beforeAll(async () => {
    const subject = await import("../../components/secrets");
    secrets = new subject.Secrets("secrets", {
      system: runningCalendar,
      kept: { SECRET_KEY_BASE: pulumi.secret(KEPT) },
    });
    await settled();
  });

  it("makes each generated secret once, and a version for each service that has secrets (S1-12, H1)", () => {
    expect(graph.children("secrets")).toEqual([
      "random:index/randomBytes:RandomBytes secrets-postgres-password",
      "random:index/randomId:RandomId secrets-db-version",
      "random:index/randomId:RandomId secrets-web-version",
    ]);
    expect(houseFaults(graph, ["secrets"])).toEqual([]);
  });

  it("makes 64 hex characters from 32 bytes", async () => {
    const password = secrets.of(db).POSTGRES_PASSWORD!;

    expect(graph.get("secrets-postgres-password").inputs).toEqual({ length: 32 });
    expect(await valueOf(password)).toHaveLength(64);
    expect(await isSecretOutput(password)).toBe(true);
  });

  it("gives database and application the same password, and each its own secrets alone", async () => {
    expect(Object.keys(secrets.of(db))).toEqual(["POSTGRES_PASSWORD"]);
    expect(Object.keys(secrets.of(web))).toEqual(["POSTGRES_PASSWORD", "SECRET_KEY_BASE"]);
    expect(secrets.of(web).POSTGRES_PASSWORD).toBe(secrets.of(db).POSTGRES_PASSWORD);
    expect(await valueOf(secrets.of(web).SECRET_KEY_BASE!)).toBe(KEPT);
    expect(await isSecretOutput(secrets.of(web).SECRET_KEY_BASE!)).toBe(true);
  });

  it("derives a service's version from its secrets without telling them", async () => {
    const { keepers } = graph.get("secrets-web-version").inputs;

    expect(await valueOf(secrets.versionOf(web)!)).toBe("0123456789ab");
    expect(isSecret(keepers) || isSecret((keepers as Record<string, unknown>).values)).toBe(true);
    expect(JSON.stringify(keepers)).not.toContain(CANARY);
    expect(graph.get("secrets-web-version").dependencies).toContain("secrets-postgres-password");
    expect(openTexts(graph.resources.map(({ inputs }) => inputs)).join()).not.toContain(CANARY);
  });

  it("chooses the characters that are asked for, URL-safe ones besides letters and digits where wished", async () => {
    const { Secrets } = await import("../../components/secrets");
    const service = {
      ...{ entrypoint: ["run"], command: ["web"], user: "1000:1000" },
      secrets: ["URL_SAFE", "PLAIN", "ODD"],
    };
    const system = smallSystem(service, {
      URL_SAFE: { kind: "generated", length: 43, alphabet: "base64url" },
      PLAIN: { kind: "generated", length: 32, alphabet: "alphanumeric" },
      ODD: { kind: "generated", length: 33, alphabet: "hex" },
    });
    const many = new Secrets("many", { system, kept: {} });
    await settled();

    expect(graph.get("many-url-safe").inputs).toEqual({ length: 43, special: true, overrideSpecial: "-_" });
    expect(graph.get("many-plain").inputs).toMatchObject({ length: 32, special: false });
    expect(graph.get("many-odd").inputs).toEqual({ length: 17 });
    expect(await valueOf(many.secretValues.ODD!)).toHaveLength(33);
    for (const value of Object.values(many.secretValues)) expect(await isSecretOutput(value)).toBe(true);
  });

  it("refuses a kept secret that nobody gave, by name", async () => {
    const { Secrets } = await import("../../components/secrets");

    expect(() => new Secrets("lacking", { system: runningCalendar, kept: {} })).toThrow(
      "secret SECRET_KEY_BASE has no value",
    );
  });
});
