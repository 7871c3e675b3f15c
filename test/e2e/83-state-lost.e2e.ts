import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  clearFaults,
  CLOUD,
  cloudflare,
  DOMAIN,
  fault,
  hetzner,
  must,
  pulumi,
  ROOT,
  sh,
  type Result,
  urnOf,
} from "./support/cloud";
import { addRuns, backup, contents, openForm, powerOff, sendForm, serverId, sql } from "./support/data";

let clone = "";

/** What a git clone has, with the stack's config in it and nothing of `.homeport`. */
async function freshClone(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "homeport-clone-"));
  const files = "git ls-files -z --cached --others --exclude-standard";
  await must("sh", "-c", `${files} | tar -c --null --ignore-failed-read -T - | tar -x -C ${folder}`);
  await must("cp", join(ROOT, `Pulumi.${CLOUD}.yaml`), folder);
  await must("ln", "-s", join(ROOT, "node_modules"), folder);
  return folder;
}

async function recoverInClone(...flags: readonly string[]): Promise<Result> {
  const words = ["node", "cli/homeport.js", "recover", "--state-lost", "--stack", CLOUD, ...flags];
  return sh("sh", "-c", `cd ${clone} && ${words.join(" ")}`);
}

async function loseState(): Promise<void> {
  await must("pulumi", "stack", "rm", "--force", "--yes", "--preserve-config", CLOUD);
}

/** Ids of what outlives a loss of the state. */
async function ids(): Promise<Record<string, readonly (number | string)[]>> {
  const found: Record<string, readonly (number | string)[]> = {};
  for (const kind of ["primary_ips", "firewalls", "ssh_keys"]) {
    found[kind] =
      (await hetzner<Record<string, { id: number }[]>>(`/${kind}`))[kind]?.map(({ id }) => id) ?? [];
  }
  const records = await cloudflare<{ result: { id: string }[] }>(`/zones/${await zoneId()}/dns_records`);
  return { ...found, records: records.result.map(({ id }) => id).sort() };
}

async function zoneId(): Promise<string> {
  const { result } = await cloudflare<{ result: { id: string }[] }>(`/zones?name=${DOMAIN}`);
  return result[0]?.id ?? "";
}

async function certificateIds(): Promise<string[]> {
  const path = `/certificates?zone_id=${await zoneId()}`;
  return (await cloudflare<{ result: { id: string }[] }>(path)).result.map(({ id }) => id);
}

beforeAll(async () => {
  clone = await freshClone();
});
beforeEach(clearFaults);
afterAll(async () => {
  rmSync(clone, { recursive: true, force: true });
  await sql("DELETE FROM runs WHERE name LIKE 'Recovery %'");
  await backup();
});

describe("with the state and the laptop lost, from a clone, the passphrase and the repository", () => {
  it("nothing is lost while the server answers: what can be is adopted, the server and its certificate are replaced", async () => {
    await addRuns(20);
    await openForm();
    const [before, adopted] = [await contents(), await ids()];
    const [server, [certificate, ...more]] = [await serverId(), await certificateIds()];
    expect(more).toEqual([]);
    await loseState();

    const { code, output } = await recoverInClone();
    expect(code, output).toBe(0);
    expect(output).toMatch(/lost: \d+ s .*took: \d+ s/);

    expect(await ids()).toEqual(adopted);
    expect(await serverId()).not.toBe(server);
    const certificates = await certificateIds();
    expect([certificates.length, certificates[0] === certificate]).toEqual([1, false]);
    expect(await contents()).toBe(before);
    const run = `Recovery of a lost state ${randomUUID()}`;
    expect(await sendForm(run)).toContain(`${run} is in the calendar`);
    const preview = await pulumi("preview", "--expect-no-changes");
    expect(preview.code, preview.output).toBe(0);
  });

  it("changes nothing when the state knows the server: refused, exit 3", async () => {
    const before = [await serverId(), await ids()];
    const { code, output } = await recoverInClone();
    expect([code, output]).toEqual([3, expect.stringContaining("the state knows a server")]);
    expect([await serverId(), await ids()]).toEqual(before);
  });

  it("brings the newest copy back when the host is dead too, goes on after a lost reply, and takes no stranger's record", async () => {
    await openForm();
    await backup();
    const [before, adopted] = [await contents(), await ids()];
    const records = `/zones/${await zoneId()}/dns_records`;
    const stranger = {
      name: `www.${DOMAIN}`,
      type: "AAAA",
      content: "2001:db8::1",
      ttl: 300,
      proxied: false,
    };
    const made = await cloudflare<{ result: { id: string } }>(records, {
      method: "POST",
      body: JSON.stringify(stranger),
    });
    await powerOff();
    await loseState();

    const refused = await recoverInClone();
    expect([refused.code, refused.output]).toEqual([3, expect.stringContaining("--state-lost --dead")]);
    await fault("hetzner", { method: "POST", path: "^/servers$", kind: "lose-reply", times: 1 });
    const stopped = await recoverInClone("--dead");
    expect([stopped.code, stopped.output]).toEqual([
      1,
      expect.stringContaining("homeport recover --state-lost"),
    ]);
    expect(stopped.output).toContain(`left alone: record AAAA www.${DOMAIN}`);

    expect((await ids()).records).toContain(made.result.id);
    await cloudflare(`${records}/${made.result.id}`, { method: "DELETE" });

    const { code, output } = await recoverInClone();
    expect(code, output).toBe(0);
    expect(await contents()).toBe(before);
    // the session was opened on the dead server
    const run = `Recovery of a dead host ${randomUUID()}`;
    expect(await sendForm(run)).toContain(`${run} is in the calendar`);
    expect(await ids()).toEqual(adopted);
    expect((await hetzner<{ servers: unknown[] }>("/servers")).servers).toHaveLength(1);
  });

  it("stays with one record the state has lost: up finds its name taken, homeport deploy makes way for it", async () => {
    const before = (await ids()).records;
    await must("pulumi", "state", "delete", "--yes", "--target-dependents", await urnOf("dns-www"));
    expect((await pulumi("up", "--yes", "--skip-preview")).code).not.toBe(0);
    const { code, output } = await sh("npx", "homeport", "deploy");
    expect(code, output).toBe(0);
    expect(output).toContain(`removed record A www.${DOMAIN}`);
    const after = (await ids()).records;
    expect([after?.length, after?.filter((id) => before?.includes(id)).length]).toEqual([2, 1]);
  });
});
