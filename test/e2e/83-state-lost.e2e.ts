import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  clearFaults,
  CLOUD,
  cloudflare,
  DOMAIN,
  hetzner,
  must,
  pulumi,
  ROOT,
  sh,
  type Result,
} from "./support/cloud";
import { addRuns, backup, contents, openForm, sendForm, serverId, sql } from "./support/data";

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
    expect(await sendForm("Recovery of a lost state")).toMatch(/Recovery of a lost state is in the calendar/);
    const preview = await pulumi("preview", "--expect-no-changes");
    expect(preview.code, preview.output).toBe(0);
  });

  it("changes nothing when the state knows the server: refused, exit 3", async () => {
    const before = [await serverId(), await ids()];
    const { code, output } = await recoverInClone();
    expect([code, output]).toEqual([3, expect.stringContaining("the state knows a server")]);
    expect([await serverId(), await ids()]).toEqual(before);
  });
});
