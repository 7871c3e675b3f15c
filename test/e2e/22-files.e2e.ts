import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { clearFaults, hetzner, must, onServer, ROOT, serverIp, sh, up, type Result } from "./support/cloud";
import { addRuns, backup, contents, serverId, sql } from "./support/data";

const VOLUME = "$(docker volume inspect -f '{{.Mountpoint}}' running_calendar_uploads)";

async function asRoot(script: string): Promise<Result> {
  const result = await onServer("sudo -n bash -s", `set -euo pipefail; export LC_ALL=C\n${script}`);
  if (result.code !== 0) throw new Error(`${script}: exit ${result.code}\n${result.output}`);
  return result;
}

/** What an application leaves behind: odd names, modes, owners and links, a database in use, and a cache. */
async function fill(word: string): Promise<void> {
  await asRoot(`cd /srv/calendar
    mkdir -p 'a b/ünï' cache
    printf 'picture ${word}' >$'a b/ünï/two\\nlines.jpg'; chown -R 33:1000 'a b'; chmod 3770 'a b'
    ln -sfn 'a b' link; : >empty; chmod 0400 empty; echo thumbnail >cache/thumb
    sqlite3 app.sqlite "PRAGMA journal_mode=wal; CREATE TABLE IF NOT EXISTS t (x); INSERT INTO t VALUES ('${word}')" >/dev/null
    chown 1000:1000 app.sqlite*; chmod 0640 app.sqlite
    cd "${VOLUME}"; mkdir -p deep; head -c 300000 /dev/urandom >deep/random; chown -R 1000:1000 deep; chmod 0700 deep`);
}

/** Every name with its type, mode, owner and link, every file's hash, every row. */
async function files(): Promise<string> {
  const { stdout } = await asRoot(`for place in /srv/calendar "${VOLUME}"; do
      cd "$place"
      find . -path ./cache -prune -o ! -name 'app.sqlite-*' -printf '%P %y %m %U:%G %l\\n' | sort
      find . -path ./cache -prune -o -type f ! -name 'app.sqlite*' -exec sha256sum {} + | sort
    done
    sqlite3 /srv/calendar/app.sqlite .dump`);
  return stdout;
}

/** The newest copy of files says another hash than the data has. */
async function damageNewestCopy(): Promise<void> {
  await asRoot(`set -a; . /etc/homeport/backup/env; . /etc/homeport/backup/files.conf; set +a
    cd /opt/backups/files
    jq -c '.trees[1].entries |= map(if .sha256 then .sha256 = "0" else . end)' manifest.json >manifest.new
    mv manifest.new manifest.json
    restic backup -q --host "$system-$stack" --tag "system=$system,stack=$stack,files=all" /opt/backups/files/manifest.json`);
}

async function lastRestore(): Promise<Record<string, unknown>> {
  return JSON.parse((await asRoot("cat /opt/backups/files/restore.json")).stdout) as Record<string, unknown>;
}

beforeAll(async () => {
  process.env.NODE_OPTIONS = `--require=${join(ROOT, "test", "e2e", "support", "with-files.js")}`;
  await up();
});
beforeEach(clearFaults);
afterAll(async () => {
  await sql("DELETE FROM runs WHERE name LIKE 'Recovery %'");
  delete process.env.NODE_OPTIONS;
  await must("npx", "homeport", "recover"); // a server that never had any of it
});

describe("a system with a directory, a database of SQLite's in it, and a volume", () => {
  it("is up with them, and verify asks for their backup as well", async () => {
    const { stdout } = await asRoot("stat -c '%a %u:%g' /srv/calendar");
    expect(stdout.trim()).toBe("2750 1000:1000");
    const { code, output } = await sh("npx", "homeport", "verify");
    expect(code, output).toBe(0);
    expect(output).toMatch(/files: \d+ files, from the repository/);
  });

  it("comes back on another server: names, modes, owners, hashes and rows, Postgres with its log as well", async () => {
    await fill("first");
    await backup();
    await fill("after the backup");
    await addRuns(5);
    const [before, rows, address, old] = [
      await files(),
      await contents(),
      await serverIp(),
      await serverId(),
    ];
    const { code, output } = await sh("npx", "homeport", "recover");
    expect(code, output).toBe(0);
    expect(await serverId()).not.toBe(old);
    expect([await files(), await contents(), await serverIp()]).toEqual([before, rows, address]);
    expect(await lastRestore()).toMatchObject({ action: "restored", into: "live", files: 4, skipped: [] });
    expect((await asRoot("ls -A /srv/calendar")).stdout).not.toMatch(/cache/);
  });

  it("has copies that backup list names and backup verify restores and compares", async () => {
    const { stdout } = await must("npx", "homeport", "backup", "list", "--database", "files", "--json");
    const { copies } = JSON.parse(stdout) as { copies: { database: string }[] };
    expect(copies.length).toBeGreaterThan(2);
    expect(new Set(copies.map(({ database }) => database))).toEqual(new Set(["files"]));
    const { code, output } = await sh("npx", "homeport", "backup", "verify");
    expect(code, output).toBe(0);
    expect(output).toMatch(/^files: compared copy [0-9a-f]{8} of .* \(4 files, \d+ s\)$/m);
  });

  it("loses what is deleted, and gets it back by restore --into live; what was there is kept", async () => {
    await backup();
    const before = await files();
    await asRoot("rm -r '/srv/calendar/a b'; echo later >/srv/calendar/later");
    const { code, output } = await sh(
      ...(["npx", "homeport", "restore", "--database", "files", "--into", "live", "--yes"] as const),
    );
    expect(code, output).toBe(0);
    expect(await files()).toBe(before);
    expect((await asRoot("cat /srv/calendar.before-restore-*/later")).stdout).toBe("later\n");
    expect((await sh("npx", "homeport", "verify")).code).toBe(0);
  });

  it("takes the copy before a damaged one, and says so, with the host dead", async () => {
    await backup();
    const before = await files();
    await damageNewestCopy();
    expect((await sh("npx", "homeport", "backup", "verify", "--database", "files")).code).toBe(1);
    await hetzner(`/servers/${await serverId()}/actions/poweroff`, { method: "POST" });
    const { code, output } = await sh("npx", "homeport", "recover", "--dead");
    expect(code, output).toBe(0);
    expect(output).toMatch(/skipped [0-9a-f]{8} .*: running_calendar_uploads differs from its manifest/);
    expect(await lastRestore()).toMatchObject({ skipped: [{}] });
    expect(await files()).toBe(before);
  });

  it("expires with prune, and what stays can be restored", async () => {
    expect((await sh("npx", "homeport", "backup", "prune")).code).toBe(0);
    const { stdout } = await must("npx", "homeport", "backup", "list", "--database", "files", "--json");
    expect((JSON.parse(stdout) as { copies: unknown[] }).copies).toHaveLength(1);
    const { code, output } = await sh("npx", "homeport", "backup", "verify", "--database", "files");
    expect(code, output).toBe(0);
  });
});
