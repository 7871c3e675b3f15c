import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  addRuns,
  archive,
  asRoot,
  countOf,
  DIR,
  failedChecks,
  flush,
  moment,
  STORE,
  until,
} from "./support/archive";
import { clearFaults, CLOUD, fault, must, sh } from "./support/cloud";
import { powerOff, sql } from "./support/data";

async function forgetRuns(): Promise<void> {
  await sql("DELETE FROM runs WHERE name LIKE 'Moment %'");
}

async function configuredRestore(): Promise<string> {
  return (await must("npx", "pulumi", "config", "get", "homeport:restore")).stdout.trim();
}

beforeAll(forgetRuns);
beforeEach(clearFaults);
afterAll(async () => {
  await forgetRuns();
  await must("npx", "homeport", "backup", "now");
});

describe("the write-ahead log leaves the server as it is written", () => {
  it("encrypted: no row is readable in the store", async () => {
    await addRuns("Moment readable", 5);
    await flush();
    const parts = `find /objects/data -path '*point-in-time*' -name '*.bin' -exec grep -l 'Moment readable' {} +`;
    const { stdout } = await sh(
      "docker",
      "exec",
      STORE,
      "sh",
      "-c",
      `${parts}; ls /objects/data/*/*/point-in-time`,
    );
    expect(stdout.trim().split("\n")).toEqual([`running-calendar-${CLOUD}`]);
  });

  it("DROP TABLE, then restore --to the second before: everything is back", async () => {
    await addRuns("Moment dropped", 300);
    const before = await moment();
    await sql("DROP TABLE runs");
    const { code, output } = await sh(
      "npx",
      "homeport",
      "restore",
      "--to",
      before,
      "--into",
      "live",
      "--yes",
    );
    expect(code, output).toBe(0);
    expect(output).toMatch(/from the archive/);
    expect(await countOf("Moment dropped")).toBe("300");
    expect(await failedChecks()).toEqual([]);
  });

  it("killed with SIGKILL, receiver and loop: both come back and nothing is missing", async () => {
    const { stream } = await archive();
    await asRoot("systemctl kill -s KILL homeport-wal@postgres; docker kill homeport-wal-postgres");
    await addRuns("Moment killed", 7);
    const before = await moment();
    await sql("DELETE FROM runs WHERE name LIKE 'Moment killed %'");
    await until(
      async () => (await sh("npx", "homeport", "ssh", "--", "sudo", `${DIR}/wal.sh`, "flush")).code === 0,
    );
    await must("npx", "homeport", "restore", "--to", before, "--into", "live", "--yes");
    expect(await countOf("Moment killed")).toBe("7");
    expect((await archive()).stream).toBe(stream);
  });

  it("stopped, it does not fill the disk: the slot is given up, that is told, and a new stream begins", async () => {
    const { stream } = await archive();
    await asRoot("systemctl stop homeport-wal@postgres");
    await sql("ALTER SYSTEM SET max_slot_wal_keep_size = '48MB'");
    await sql("ALTER SYSTEM SET max_wal_size = '64MB'");
    await sql("SELECT pg_reload_conf()");
    try {
      expect(await failedChecks()).toEqual(["the log leaves the server within seconds"]);
      await sql("CREATE TABLE filler (text text)");
      for (let round = 0; round < 8; round++) {
        await sql(
          "INSERT INTO filler SELECT string_agg(md5(g::text || random()), '') FROM generate_series(1, 20000) s(g), generate_series(1, 20) GROUP BY g % 1000",
        );
        await sql("SELECT pg_switch_wal(); CHECKPOINT");
      }
      expect(await sql("SELECT wal_status FROM pg_replication_slots WHERE slot_name = 'homeport_wal'")).toBe(
        "lost",
      );
      expect(Number(await sql("SELECT sum(size) FROM pg_ls_waldir()"))).toBeLessThan(200 * 1024 * 1024);
    } finally {
      await sql("DROP TABLE IF EXISTS filler");
      await sql("ALTER SYSTEM RESET max_wal_size");
      await must("npx", "homeport", "drift", "--heal");
    }
    await until(async () => (await failedChecks()).length === 0);
    expect((await archive()).stream).not.toBe(stream);
    expect((await asRoot("journalctl -u homeport-wal@postgres")).stdout).toMatch(
      /slot is lost: the archive has a gap/,
    );
    await addRuns("Moment anew", 3);
    const before = await moment();
    await sql("DELETE FROM runs WHERE name LIKE 'Moment anew %'");
    await must("npx", "homeport", "restore", "--to", before, "--into", "live", "--yes");
    expect(await countOf("Moment anew")).toBe("3");
  });

  it("with the store down: the log waits up to a limit, that is told, and it goes on by itself", async () => {
    const { stream } = await archive();
    await must("docker", "pause", STORE);
    try {
      await addRuns("Moment waiting", 9);
      await until(async () => (await archive()).error.includes("the store does not take the log"));
      expect(await failedChecks()).toContain("the log leaves the server within seconds");
    } finally {
      await must("docker", "unpause", STORE);
    }
    await until(async () => (await failedChecks()).length === 0);
    expect((await archive()).stream).toBe(stream);
  });

  it("so a server that dies loses seconds: rows that no backup has seen are there after recover --dead", async () => {
    await addRuns("Moment of death", 40);
    await flush();
    await powerOff();
    const { code, output } = await sh("npx", "homeport", "recover", "--dead");
    expect(code, output).toBe(0);
    expect(output).toMatch(/from the archive/);
    expect(await countOf("Moment of death")).toBe("40");
  });

  it("and DROP TABLE, then recover --to the second before, at the second attempt: everything is there, and the loss is told", async () => {
    await addRuns("Moment to", 21);
    const before = await moment();
    await sql("DROP TABLE runs");
    await fault("hetzner", { method: "POST", path: "^/servers$", kind: "out-of-stock", times: 1 });
    const stopped = await sh("npx", "homeport", "recover", "--to", before);
    const time = new Date(before).toISOString();
    expect([stopped.code, stopped.output]).toEqual([
      1,
      expect.stringContaining(`homeport recover --dead --to ${time}`),
    ]);
    expect(await configuredRestore()).toBe("auto");

    const started = Date.now();
    const { code, output } = await sh("npx", "homeport", "recover", "--dead", "--to", before);
    const sinceThen = (at: number): number => (at - Date.parse(time)) / 1000;
    expect(code, output).toBe(0);
    expect(await countOf("Moment to")).toBe("21");
    expect(await configuredRestore()).toBe("auto");
    const [, lost, took] = (/lost: (\d+) s .*took: (\d+) s/.exec(output) ?? []).map(Number);
    expect(lost).toBeGreaterThanOrEqual(Math.floor(sinceThen(started)));
    expect((lost ?? NaN) + (took ?? NaN)).toBeLessThanOrEqual(Math.ceil(sinceThen(Date.now())) + 1);
  });
});
