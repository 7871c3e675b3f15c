import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { defineSystem, type System } from "../../components/lib/system";
import type { EdgeSpec } from "../../components/lib/system-edge";
import { Monitors } from "../../components/monitors";
import { Turnstile } from "../../components/turnstile";
import { houseFaults, milestone } from "../support/component-bed";
import { isSecretOutput, recordGraph, settled, valueOf } from "../support/mocks";
import { SERVICE } from "../support/systems";

function systemWith(edge: EdgeSpec): System {
  return defineSystem({
    name: "shop",
    services: {
      web: {
        ...SERVICE,
        user: "1000:1000",
        secretFiles: true,
        secrets: ["CAPTCHA", "SITE_KEY"],
      },
    },
    sites: [{ hostname: "@", routes: { "/": "web:80" } }],
    secrets: {
      CAPTCHA: { kind: "turnstile", part: "secret" },
      SITE_KEY: { kind: "turnstile", part: "sitekey" },
      ALERT_URL: { kind: "kept" },
    },
    edge: { turnstile: {}, ...edge },
  });
}

describe("Monitors", () => {
  it("are a health check each, through the edge, once the names are there, and a policy for all (S3-19)", async () => {
    const graph = recordGraph();
    const system = systemWith({
      monitors: { ready: { path: "/readyz" }, backup: { path: "/healthz/backup", expectedBody: "ok" } },
      notify: { emails: ["ops@example.org"], webhook: "ALERT_URL" },
    });
    new Monitors("monitors", {
      ...{
        accountId: "account-1",
        zoneId: "zone-1",
        domain: "shop.example",
        owner: "shop-prod",
        system,
        edge: system.edge,
      },
      secretValues: { ALERT_URL: pulumi.secret("https://hooks.example/x") },
      after: [milestone("names")],
    });
    await settled();

    expect(graph.get("monitors-ready").inputs).toMatchObject({
      ...{ zoneId: "zone-1", address: "shop.example", name: "shop-prod-ready", type: "HTTPS", interval: 60 },
      httpConfig: { path: "/readyz", port: 443, header: { Host: ["shop.example"] }, expectedCodes: ["200"] },
    });
    expect(graph.get("monitors-ready").dependencies).toEqual(["names"]);
    const policy = graph.get("monitors-policy");
    expect(policy.inputs).toMatchObject({
      alertType: "health_check_status_notification",
      mechanisms: { emails: [{ id: "ops@example.org" }] },
    });
    expect(policy.dependencies).toEqual(
      expect.arrayContaining(["monitors-ready", "monitors-backup", "monitors-webhook"]),
    );
    expect(houseFaults(graph, ["monitors", "names"])).toEqual([]);
  });
});

describe("Turnstile", () => {
  it("is a widget for the system's hosts, whose keys are secrets of the system (S3-16)", async () => {
    const graph = recordGraph();
    const system = systemWith({ monitors: { up: { path: "/" } }, notify: { webhook: "ALERT_URL" } });
    const args = { accountId: "account-1", hostnames: ["shop.example"], widgetName: "shop-prod", system };
    const { secretValues } = new Turnstile("turnstile", args);
    await settled();
    expect(graph.get("turnstile-widget").inputs).toEqual({
      ...{ accountId: "account-1", name: "shop-prod", mode: "managed", domains: ["shop.example"] },
    });
    expect(Object.keys(secretValues).sort()).toEqual(["CAPTCHA", "SITE_KEY"]);
    expect(await isSecretOutput(secretValues.CAPTCHA!)).toBe(true);
    expect(await valueOf(secretValues.SITE_KEY!)).toBe("0xSITE");
  });
});
