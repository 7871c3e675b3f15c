import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
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
  type StateResource,
} from "./support/cloud";
import { addRuns, backup, contents, serverId, sql } from "./support/data";

interface Protected {
  readonly protection: { readonly delete: boolean; readonly rebuild?: boolean };
  readonly location: { readonly name: string };
}

/** What Hetzner says of the server and of the address. */
async function atHetzner(): Promise<{ server: Protected; address: Protected }> {
  const { servers } = await hetzner<{ servers: Protected[] }>("/servers");
  const { primary_ips } = await hetzner<{ primary_ips: Protected[] }>("/primary_ips");
  expect([servers.length, primary_ips.length]).toEqual([1, 1]);
  return { server: servers[0] as Protected, address: primary_ips[0] as Protected };
}

async function expectProtected(): Promise<void> {
  const { server, address } = await atHetzner();
  expect(server.protection).toEqual({ delete: true, rebuild: true });
  expect(address.protection).toEqual({ delete: true });
  const inState = (await resources()).filter((one: StateResource & { protect?: boolean }) => one.protect);
  expect(inState.map(({ urn }) => urn.split("::").at(-1)).sort()).toEqual([
    "protection-whole",
    "server-host",
    "server-ipv4",
  ]);
}

/** Everything that the state knows but for frames and providers, each with what it is called where it is. */
async function madeThings(): Promise<string[]> {
  const made = (await resources()).filter(({ type, id }) => id !== undefined && !type.startsWith("pulumi:"));
  return made.map(({ urn, id }) => `${urn} ${id}`).sort();
}

async function configure(...args: readonly string[]): Promise<void> {
  await must("pulumi", "config", ...args);
}

async function addressOfSite(): Promise<string | undefined> {
  const zones = await cloudflare<{ result: { id: string }[] }>(`/zones?name=${DOMAIN}`);
  const path = `/zones/${zones.result[0]?.id}/dns_records?name=${DOMAIN}&type=A`;
  return (await cloudflare<{ result: { content: string }[] }>(path)).result[0]?.content;
}

beforeAll(async () => {
  await configure("set", "homeport:protect", "true");
  await up();
});
beforeEach(clearFaults);
afterAll(async () => {
  await configure("rm", "--path", "homeport:recoverLadder");
  await configure("set", "homeport:protect", "false");
  await up();
  await sql("DELETE FROM runs WHERE name LIKE 'Recovery %'");
  await backup();
});

describe("a protected system", () => {
  it("is destroyed neither by Pulumi nor at Hetzner: nothing of it is touched, and it stays what up keeps it", async () => {
    const [id, address, before] = [await serverId(), await serverIp(), await contents()];
    const made = await madeThings();
    await expectProtected();
    const { code, output } = await pulumi("destroy", "--yes", "--skip-preview");
    expect([code === 0, output]).toEqual([false, expect.stringContaining("protect")]);
    await expect(hetzner(`/servers/${id}`, { method: "DELETE" })).rejects.toThrow(/protected/);
    expect(await madeThings()).toEqual(made);
    const isUp = await sh("npx", "homeport", "verify");
    expect(isUp.code, isUp.output).toBe(0);

    await up();
    expect(await madeThings()).toEqual(made);
    const isStillUp = await sh("npx", "homeport", "verify");
    expect(isStillUp.code, isStillUp.output).toBe(0);
    expect([await serverId(), await serverIp(), await contents()]).toEqual([id, address, before]);
  });

  it("is recovered with --yes alone, which lifts the protection, says so, and protects the new server", async () => {
    await addRuns(5);
    const [before, id, address] = [await contents(), await serverId(), await serverIp()];
    const refused = await sh("npx", "homeport", "recover");
    expect([refused.code, refused.output]).toEqual([3, expect.stringContaining("add --yes")]);
    expect(await serverId()).toBe(id);
    const { code, output } = await sh("npx", "homeport", "recover", "--yes");
    expect(code, output).toBe(0);
    expect(output).toContain("lifted the protection of server-host, protection-whole");
    expect(await serverId()).not.toBe(id);
    expect([await contents(), await serverIp()]).toEqual([before, address]);
    await expectProtected();
  });

  it("goes down the ladder when its type is out of stock: another type, then another location and address", async () => {
    const [before, address] = [await contents(), await serverIp()];
    const here = (await atHetzner()).server.location.name;
    const there = here === "nbg1" ? "hel1" : "nbg1";
    await configure("set", "--path", "homeport:recoverLadder[0].location", here);
    await configure("set", "--path", "homeport:recoverLadder[0].serverType", "cx33");
    await configure("set", "--path", "homeport:recoverLadder[1].location", there);
    await configure("set", "--path", "homeport:recoverLadder[1].serverType", "cx23");
    await fault("hetzner", { method: "POST", path: "^/servers$", kind: "out-of-stock", times: 2 });
    const { code, output } = await sh("npx", "homeport", "recover", "--yes");
    expect(code, output).toBe(0);
    expect(output).toContain(`cx33 is out of stock in ${here}`);
    expect(output).toContain("lifted the protection of server-ipv4");
    expect((await must("pulumi", "config", "get", "homeport:location")).stdout.trim()).toBe(there);
    const { server, address: moved } = await atHetzner();
    expect([server, moved].map(({ location }) => location.name)).toEqual([there, there]);
    expect(await serverIp()).not.toBe(address);
    expect([await contents(), await addressOfSite()]).toEqual([before, await serverIp()]);
    await expectProtected();
  });
});
