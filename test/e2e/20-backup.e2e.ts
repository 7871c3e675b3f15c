import { describe, expect, it } from "vitest";
import { CLOUD, environment, execute, must, onServer, sh, up, urnOf, type Result } from "./support/cloud";

const DIR = "/opt/backups/postgres";
const PSQL =
  "docker exec -i running_calendar-db psql -XqAt -v ON_ERROR_STOP=1 -U postgres running_calendar_production";
/** What earlier tests left is there too: a server that is replaced loses no row. */
const ROWS = `SELECT ${["runs", "schema_migrations", "ar_internal_metadata"].map((table) => `(SELECT count(*) FROM ${table})`).join(" + ")};`;

async function asRoot(script: string): Promise<Result> {
  return onServer("sudo -n bash -s", script);
}

async function drill(): Promise<Record<string, unknown>> {
  return JSON.parse((await asRoot(`cat ${DIR}/drill.json`)).stdout) as Record<string, unknown>;
}

/** restic as the host, with the host's own key. */
async function restic(...args: string[]): Promise<Result> {
  return asRoot(`set -a; . /etc/homeport/backup/env; set +a; restic --no-cache ${args.join(" ")}`);
}

async function snapshots(): Promise<{ id: string; tags: string[]; hostname: string; paths: string[] }[]> {
  return JSON.parse((await restic("snapshots", "--json")).stdout) as never;
}

describe("a backup", () => {
  it("was taken, restored and compared before up said done, and another is taken on demand (S1-25, S1-28)", async () => {
    await onServer(PSQL, "INSERT INTO schema_migrations VALUES ('20990101000000');");
    const rows = Number((await onServer(PSQL, ROWS)).stdout);
    try {
      await must("npx", "homeport", "backup", "now", "--drill");
    } finally {
      await onServer(PSQL, "DELETE FROM schema_migrations WHERE version = '20990101000000';");
    }
    const [newest] = (await snapshots()).slice(-1);
    expect(newest?.hostname).toBe(`running-calendar-${CLOUD}`);
    expect(newest?.tags).toContain("database=running_calendar_production");
    expect(newest?.paths.map((path) => path.replace(/\d{8}_\d{6}/, "T"))).toEqual([
      `${DIR}/backup_T.manifest.json`,
      `${DIR}/backup_T.sql`,
    ]);
    expect(await drill()).toMatchObject({ ok: true, source: "restic", rows, snapshot: newest?.id });
  });

  it("restores by the documented line into a database of its own (S1-29)", async () => {
    const scratch = "docker exec running_calendar-db psql -q -U postgres -c";
    const { stdout } = await asRoot(`${scratch} 'CREATE DATABASE by_hand'
      cat "$(ls ${DIR}/backup_*.sql | tail -n 1)" | docker exec -i running_calendar-db psql -q -U postgres by_hand >/dev/null
      docker exec running_calendar-db psql -At -U postgres by_hand -c 'SELECT count(*) FROM schema_migrations'
      ${scratch} 'DROP DATABASE by_hand'`);
    expect(stdout.trim()).toBe("2");
  });

  it("is in root's crontab exactly once, after one apply more as well (S1-27)", async () => {
    await up("--replace", await urnOf("backup-postgres"));
    const { stdout } = await asRoot("crontab -l");
    expect(stdout.split("\n").filter((line) => line.includes("backup.sh"))).toEqual([
      `0 3 * * * ${DIR}/backup.sh >> /var/log/postgres-backup.log 2>&1`,
    ]);
  });

  it("cannot be deleted by the server, with its own key, only by the pruning one", async () => {
    const before = await snapshots();
    await restic("forget", "--keep-last", "1", "--group-by", "host", "2>&1");
    expect(await snapshots()).toEqual(before);
    expect((await restic("list", "locks", "--no-lock")).stdout.trim()).toBe("");

    const none = await execute("npx", ["homeport", "backup", "prune"], {
      ...(await environment()),
      HOMEPORT_BACKUP_PRUNE_ACCESS_KEY_ID: "",
    });
    expect(none.code).toBe(2);
    expect((await sh("npx", "homeport", "backup", "prune")).code).toBe(0);
    expect((await snapshots()).length).toBe(1);
  }, 180_000);

  it("that is damaged in the store makes the drill red, and verify; a new one makes both green", async () => {
    const packs = "ls -t /objects/data/homeport-backups/running-calendar/data/*/*";
    const flip = `for f in $(${packs}); do printf '\\377\\377\\377' | dd of="$f" bs=1 seek=60 conv=notrunc status=none; done`;
    const store = `homeport-${CLOUD}-s3`;
    await must("docker", "exec", store, "sh", "-c", `cp -a /objects/data /objects/safe; ${flip}`);
    try {
      expect((await asRoot(`rm -rf /var/cache/homeport-restic; ${DIR}/drill.sh`)).code).not.toBe(0);
      expect(await drill()).toMatchObject({ ok: false });
      expect((await asRoot(`test -e ${DIR}/LAST_SUCCESS.txt`)).code).not.toBe(0);
      const verify = await sh("npx", "homeport", "verify", "--json");
      const { checks } = JSON.parse(verify.stdout) as { checks: { id: string; ok: boolean }[] };
      expect([...new Set(checks.filter(({ ok }) => !ok).map(({ id }) => id))]).toEqual(["S1-28"]);
    } finally {
      await must(
        "docker",
        "exec",
        store,
        "sh",
        "-c",
        "cp -a /objects/safe/. /objects/data; rm -rf /objects/safe",
      );
    }
    await asRoot("rm -rf /var/cache/homeport-restic");
    await must("npx", "homeport", "backup", "now", "--drill");
    expect(await drill()).toMatchObject({ ok: true });
  });
});
