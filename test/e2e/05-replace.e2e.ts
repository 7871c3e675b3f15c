import { afterEach, describe, expect, it } from "vitest";
import {
  clearFaults,
  cloudflare,
  DOMAIN,
  fault,
  hetzner,
  must,
  pulumi,
  resources,
  serverIp,
  sh,
  up,
  urnOf,
  visitor,
  type Result,
} from "./support/cloud";

interface Server {
  readonly id: number;
  readonly status: string;
}

async function servers(): Promise<readonly Server[]> {
  return (await hetzner<{ servers: Server[] }>("/servers")).servers;
}

/** The way to a new server: the bootstrap key and all that stands on it goes. */
async function takeServerAway(): Promise<Result> {
  const key = await urnOf("identity-bootstrap");
  const result = await pulumi("destroy", "--target", key, "--target-dependents", "--yes", "--skip-preview");
  expect(result.code, result.output).toBe(0);
  expect(await servers()).toEqual([]);
  return result;
}

async function siteStatus(): Promise<string> {
  return (
    await visitor("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-m", "20", `https://${DOMAIN}/up`)
  ).stdout;
}

async function records(): Promise<number> {
  const zones = await cloudflare<{ result: { id: string }[] }>(`/zones?name=${DOMAIN}`);
  const { result } = await cloudflare<{ result: unknown[] }>(`/zones/${zones.result[0]?.id}/dns_records`);
  return result.length;
}

/** An `up` that must fail and say why in a line that names the API's code. */
async function failingUp(pattern: RegExp): Promise<void> {
  const { code, output } = await pulumi("up", "--yes", "--skip-preview");
  expect(code).not.toBe(0);
  expect(output.split("\n").filter((line) => pattern.test(line)).length, output).toBeGreaterThan(0);
  expect(output).not.toMatch(/panic:|goroutine| {4}at .*\.js:/);
  expect((await servers()).length).toBeLessThan(2);
}

afterEach(clearFaults);

describe("a replaced server", () => {
  it("is set up from nothing on the same address, through rate limits, conflicts, a bad gateway and slow actions", async () => {
    const [before] = await servers();
    const address = await serverIp();
    await takeServerAway();
    expect(await records()).toBe(0);

    const reset = String(Math.floor(Date.now() / 1000) + 1);
    const limited = { "RateLimit-Limit": "3600", "RateLimit-Remaining": "0", "RateLimit-Reset": reset };
    await fault("hetzner", {
      method: "POST",
      path: "^/servers$",
      kind: "status",
      status: 429,
      code: "rate_limit_exceeded",
      headers: limited,
    });
    await fault("hetzner", {
      method: "POST",
      path: "^/servers$",
      kind: "status",
      status: 409,
      code: "conflict",
    });
    await fault("hetzner", { method: "GET", path: "^/server_types", kind: "status", status: 502 });
    await fault("hetzner", { method: "POST", path: "^/servers$", kind: "slow-action", ms: 3000 });
    await fault("cloudflare", { method: "POST", path: "dns_records$", status: 500, times: 1 });
    await fault("cloudflare", { method: "PATCH", path: "settings/ssl$", status: 500, times: 1 });
    const { output } = await up();

    const [after] = await servers();
    expect(after?.id).not.toBe(before?.id);
    expect(await serverIp()).toBe(address);
    for (const step of ["hardening-packages", "hardening-ssh", "app-db", "origin-install", "dns-apex"]) {
      expect(output).toMatch(new RegExp(`${step} created`));
    }
    expect(await siteStatus()).toBe("200");
    expect((await must("npx", "homeport", "verify")).output).toMatch(/(\d+) of \1 checks passed/);
  });

  it("also replaces one that is dead; an API that says no ends the run in one clear line, and the next up converges", async () => {
    const [dead] = await servers();
    await hetzner(`/servers/${dead?.id}/actions/poweroff`, { method: "POST" });
    await takeServerAway();

    await fault("hetzner", {
      method: "POST",
      path: "^/servers$",
      kind: "status",
      status: 500,
      code: "server_error",
      message: "planted",
    });
    await failingUp(/planted \(server_error/);
    await fault("hetzner", {
      method: "POST",
      path: "^/servers$",
      kind: "status",
      status: 423,
      code: "locked",
      message: "planted",
    });
    await failingUp(/planted \(locked/);
    await fault("hetzner", {
      method: "POST",
      path: "^/servers$",
      kind: "action-error",
      code: "action_failed",
      message: "planted",
    });
    await failingUp(/planted \(action_failed/);

    await up();
    expect(await servers()).toHaveLength(1);
    expect(await siteStatus()).toBe("200");
  });

  it("is never two: after a lost reply up names the command, and homeport deploy puts it right", async () => {
    await takeServerAway();
    await fault("hetzner", { method: "POST", path: "^/servers$", kind: "lose-reply" });
    expect((await pulumi("up", "--yes", "--skip-preview")).code).not.toBe(0);
    expect(await servers()).toHaveLength(1);
    const [lost] = await servers();

    const again = await pulumi("up", "--yes", "--skip-preview");
    expect(again.code).not.toBe(0);
    expect(again.output).toMatch(/fix: npx homeport deploy --stack/);
    expect(await servers()).toHaveLength(1);

    const deployed = await sh("npx", "homeport", "deploy");
    expect(deployed.code, deployed.output).toBe(0);
    const [found] = await servers();
    expect(await servers()).toHaveLength(1);
    expect(found?.id).not.toBe(lost?.id);
    expect((await resources()).find(({ type }) => type === "hcloud:index/server:Server")?.id).toBe(
      String(found?.id),
    );
    expect(await siteStatus()).toBe("200");
  });
});
