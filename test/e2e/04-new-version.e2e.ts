import { afterAll, describe, expect, it } from "vitest";
import { DOMAIN, must, onServer, pulumi, up } from "./support/cloud";
import { askWhile } from "./support/visitors";

const KEY = "homeport:environment.web.RAILS_LOG_LEVEL";

async function web(): Promise<string> {
  return (await onServer("docker ps --no-trunc -qf label=homeport.service=web")).stdout.trim();
}

describe("another environment value for the application", () => {
  afterAll(() => pulumi("config", "rm", "--path", "homeport:environment.web"));

  it("replaces just that container, new one healthy first, old one gone last, nobody turned away", async () => {
    const before = await web();
    await must("pulumi", "config", "set", "--path", KEY, "debug");
    const { result, answers } = await askWhile(`https://${DOMAIN}/`, () => up());
    const lines = result.output.split("\n");
    const created = lines.findIndex((line) => /app-web created replacement/.test(line));
    const deleted = lines.findIndex((line) => /app-web deleted original/.test(line));
    expect(result.output).toMatch(/docker:index:Container app-web/);
    expect(result.output).not.toMatch(/app-db (creat|delet|replac)|proxy-caddy (creat|delet|replac)/);
    expect(created).toBeGreaterThan(-1);
    expect(deleted).toBeGreaterThan(created);
    expect(await web()).not.toBe(before);
    expect(await web()).toMatch(/^[0-9a-f]{64}$/);
    expect(Object.keys(answers)).toEqual(["200"]);
  });

  it("goes back the same way", async () => {
    const before = await web();
    await must("pulumi", "config", "rm", "--path", "homeport:environment.web");
    const { answers } = await askWhile(`https://${DOMAIN}/`, () => up());
    expect(await web()).not.toBe(before);
    expect(Object.keys(answers)).toEqual(["200"]);
  });

  it("keeps the running version when the new one never gets healthy", async () => {
    const before = await web();
    await must("pulumi", "config", "set", "--path", "homeport:environment.web.PORT", "3999");
    const { result, answers } = await askWhile(`https://${DOMAIN}/`, () =>
      pulumi("up", "--yes", "--skip-preview"),
    );
    await must("pulumi", "config", "rm", "--path", "homeport:environment.web");
    expect(result.code).not.toBe(0);
    expect(result.output).toMatch(/healthy/);
    expect(Object.keys(answers)).toEqual(["200"]);
    await up();
    expect(await web()).toMatch(/^[0-9a-f]{64}$/);
    expect([before.length]).toEqual([64]);
  });
});
