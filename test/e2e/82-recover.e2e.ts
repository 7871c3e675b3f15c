import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { clearFaults, hetzner, must, onServer, pulumi, serverIp, sh, up } from "./support/cloud";
import { addRuns, backup, contents, DATABASE, openForm, sendForm, serverId, sql } from "./support/data";

interface Restored {
  readonly copy: string;
  readonly skipped: readonly { readonly why: string }[];
}

async function lastRestore(): Promise<Restored> {
  return JSON.parse((await onServer("sudo cat /opt/backups/postgres/restore.json")).stdout) as Restored;
}

/** Damages what the newest copy added to the repository, in the copy that the server gets to see. */
async function damageNewestCopy(): Promise<void> {
  const script = `set -a; . /etc/homeport/backup/env; set +a
    printf 'row that is no dump' >/tmp/backup_29990101_000000.sql
    printf '{"dump_sha256":"0","tables":[]}' >/tmp/backup_29990101_000000.manifest.json
    restic backup -q --host "$(. /etc/homeport/backup/postgres.conf; echo "$system-$stack")" --tag database=${DATABASE} \
      /tmp/backup_29990101_000000.sql /tmp/backup_29990101_000000.manifest.json`;
  const { code, output } = await onServer("sudo bash -s", script);
  expect(code, output).toBe(0);
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

  it("with the host dead and the newest copy damaged: the one before is taken, and said so", async () => {
    await backup();
    const before = await contents();
    await damageNewestCopy();
    await hetzner(`/servers/${await serverId()}/actions/poweroff`, { method: "POST" });
    const refused = await sh("npx", "homeport", "recover");
    expect([refused.code, refused.output]).toEqual([
      3,
      expect.stringContaining("fix: homeport recover --dead"),
    ]);
    const { code, output } = await sh("npx", "homeport", "recover", "--dead");
    expect(code, output).toBe(0);
    expect(output).toMatch(/skipped [0-9a-f]{8} .*: the dump is not the one that its manifest describes/);
    expect((await lastRestore()).skipped).toHaveLength(1);
    expect(await contents()).toBe(before);
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
