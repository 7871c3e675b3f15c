import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { asRoot, flush } from "./support/archive";
import { clearFaults, must, onServer, pulumi, serverIp, sh, up } from "./support/cloud";
import { corrupt, mend, storedFiles, type Corruption } from "./support/corruptions";
import { addRuns, backup, contents, openForm, powerOff, sendForm, serverId, sql } from "./support/data";

interface Restored {
  readonly copy: string;
  readonly skipped: readonly { readonly why: string }[];
}

async function lastRestore(): Promise<Restored> {
  return JSON.parse((await onServer("sudo cat /opt/backups/postgres/restore.json")).stdout) as Restored;
}

/** A backup, and then one byte flipped of what it alone has in the store. */
async function backupAndDamage(): Promise<Corruption> {
  const earlier = new Set((await storedFiles()).map(({ file }) => file));
  await backup();
  const [added] = (await storedFiles())
    .filter(({ file }) => file.startsWith("data/") && !earlier.has(file))
    .sort((one, other) => other.bytes - one.bytes);
  const corruption: Corruption = { kind: "flipped byte", file: added?.file ?? "", at: 40 };
  await corrupt(corruption);
  return corruption;
}

beforeEach(clearFaults);
afterAll(async () => {
  await sql("DELETE FROM runs WHERE name LIKE 'Recovery %'");
  await backup();
});

describe("nothing is lost", () => {
  it("by pulumi destroy and pulumi up: rows, hashes and a session that was opened before (H1, H2)", async () => {
    await addRuns(200);
    await openForm();
    await backup();
    const before = await contents();
    expect((await pulumi("destroy", "--yes", "--skip-preview")).code).toBe(0);
    await up();
    expect(await contents()).toBe(before);
    expect(await sendForm("Recovery after all")).toMatch(/Recovery after all is in the calendar/);
  });

  it("by homeport recover, which takes a last backup: same address, new server, no loss", async () => {
    await addRuns(20);
    const [before, address, old] = [await contents(), await serverIp(), await serverId()];
    const { code, output } = await sh("npx", "homeport", "recover");
    expect(code, output).toBe(0);
    expect(output).toMatch(/lost: \d+ s .*took: \d+ s/);
    expect([await contents(), await serverIp()]).toEqual([before, address]);
    expect(await serverId()).not.toBe(old);
  });

  it("with the host dead and the newest copy damaged in the store: what comes next is taken, and said so", async () => {
    await backup();
    await addRuns(3);
    await flush();
    await asRoot("systemctl stop homeport-wal@postgres"); // the copy is later than the archive
    const before = await contents();
    const corruption = await backupAndDamage();
    await powerOff();
    try {
      const refused = await sh("npx", "homeport", "recover");
      expect([refused.code, refused.output]).toEqual([
        3,
        expect.stringContaining("fix: homeport recover --dead"),
      ]);
      const { code, output } = await sh("npx", "homeport", "recover", "--dead");
      expect(code, output).toBe(0);
      expect(output).toMatch(/skipped [0-9a-f]{8} of /);
      expect((await lastRestore()).skipped).toHaveLength(1);
      expect(await contents()).toBe(before);
    } finally {
      await mend(corruption);
    }
  });

  it("by DROP TABLE: homeport restore --into live brings it back, and asks for --yes", async () => {
    await backup();
    const before = await contents();
    await sql("DROP TABLE runs");
    expect((await sh("npx", "homeport", "restore", "--into", "live")).code).toBe(3);
    const { code, output } = await sh("npx", "homeport", "restore", "--into", "live", "--yes");
    expect(code, output).toBe(0);
    expect(await contents()).toBe(before);
    expect((await sh("npx", "homeport", "verify")).code).toBe(0);
  });

  it("unseen: backup list knows the copies, and backup verify restores and compares", async () => {
    const { stdout } = await must("npx", "homeport", "backup", "list", "--json");
    expect((JSON.parse(stdout) as { copies: unknown[] }).copies.length).toBeGreaterThan(1);
    const { code, output } = await sh("npx", "homeport", "backup", "verify");
    expect(code, output).toBe(0);
    expect(output).toMatch(/compared copy [0-9a-f]{8} .* rows/);
  });
});
