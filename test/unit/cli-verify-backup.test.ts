import { describe, expect, it } from "vitest";
import {
  BACKUP_CHECKS,
  copiesVerdict,
  crontabVerdict,
  drillVerdict,
  freshVerdict,
  lastRunVerdict,
  scriptVerdict,
  type BackupFolder,
} from "../../cli/verify/checks-backup";
import type { Sources } from "../../cli/verify/check";
import { expectedStack, hostWith, said } from "../support/verify";

const LINE = "0 3 * * * /opt/backups/postgres/backup.sh >> /var/log/postgres-backup.log 2>&1";
const NOW = new Date("2026-11-21T12:00:00Z");
const EXPECTED = expectedStack({ now: NOW });
const GOOD: BackupFolder = {
  dir: "/opt/backups/postgres",
  mode: "700 root",
  script: "700 root",
  success: "finished_at=2026-11-21T03:00:05Z\nfile=backup_20261121_030000.sql\n",
  drill: {
    ...{ ok: true, at: "2026-11-16T04:30:09Z", source: "restic", file: "backup_20261116_030000.sql" },
    ...{ tables: 3, rows: 9, error: "" },
  },
  copies: [{ file: "backup_20261121_030000.sql", bytes: 3898, whole: true }],
  last_run: "ended_at=2026-11-21T03:00:05Z\nstatus=0\nreason=\n",
  running: false,
};
const copy = (whole: boolean) => ({ file: "backup_20261120_030000.sql", bytes: 1, whole });

describe("checks of the backups", () => {
  it("pass for a good night, a good week and one line in the crontab", () => {
    expect(scriptVerdict(GOOD)).toMatchObject({ ok: true });
    expect(copiesVerdict(GOOD)).toMatchObject({ ok: true });
    expect(crontabVerdict(said(`${LINE}\n`), "0 3 * * *")).toMatchObject({ ok: true });
    expect(drillVerdict(GOOD, NOW)).toMatchObject({ ok: true });
    expect(freshVerdict(GOOD, EXPECTED)).toMatchObject({ ok: true });
    expect(lastRunVerdict(GOOD)).toMatchObject({ ok: true });
    expect(lastRunVerdict({ ...GOOD, last_run: "", running: true })).toMatchObject({ ok: true });
  });

  it.each([
    ["a script that others may write", scriptVerdict({ ...GOOD, script: "777 root" }), "777 root"],
    ["no script", scriptVerdict({ ...GOOD, script: "" }), "missing"],
    ["no copy", copiesVerdict({ ...GOOD, copies: [] }), "no backup"],
    [
      "a damaged copy",
      copiesVerdict({ ...GOOD, copies: [copy(false), copy(true)] }),
      "damaged: backup_20261120",
    ],
    [
      "an eighth copy",
      copiesVerdict({ ...GOOD, copies: Array.from({ length: 8 }, () => copy(true)) }),
      "8 backups",
    ],
    ["no line", crontabVerdict(said("", 1, "no crontab for root"), "0 3 * * *"), "0 lines"],
    ["the line twice", crontabVerdict(said(`${LINE}\n${LINE}\n`), "0 3 * * *"), "2 lines"],
    ["the line at another hour", crontabVerdict(said(LINE.replace("3", "4")), "0 3 * * *"), "0 4 * * *"],
    ["no drill", drillVerdict({ ...GOOD, drill: null }, NOW), "no drill"],
    [
      "a red drill",
      drillVerdict({ ...GOOD, drill: { ...GOOD.drill!, ok: false, error: "runs" } }, NOW),
      "failed: runs",
    ],
    ["a drill of last month", drillVerdict(GOOD, new Date("2026-12-20T00:00:00Z")), "34 days ago"],
    ["a run that was killed", lastRunVerdict({ ...GOOD, last_run: "" }), "was killed"],
    [
      "a night that failed, before the last success is old",
      lastRunVerdict({
        ...GOOD,
        last_run: "ended_at=2026-11-21T03:00:05Z\nstatus=1\nreason=pg_dump ended\n",
      }),
      "failed: pg_dump ended",
    ],
    ["no success", freshVerdict({ ...GOOD, success: "" }, EXPECTED), "no success is on record"],
    [
      "a success of two days ago",
      freshVerdict(GOOD, expectedStack({ now: new Date("2026-11-23T06:00:00Z") })),
      "2 days",
    ],
    [
      "a clock off by a day",
      freshVerdict(GOOD, expectedStack({ now: new Date("2026-11-20T03:00:00Z") })),
      "clock is wrong",
    ],
  ])("fail for %s", (_, verdict, found) => {
    expect(verdict).toMatchObject({ ok: false, found: expect.stringContaining(found) as string });
  });

  it("say where nothing is off the server", () => {
    expect(freshVerdict(GOOD, EXPECTED)).toMatchObject({
      evidence: expect.stringContaining("local copies only") as string,
    });
    const drill = { ...GOOD.drill!, source: "local" };
    expect(drillVerdict({ ...GOOD, drill }, NOW)).toMatchObject({
      evidence: expect.stringContaining("local copy") as string,
    });
  });

  it.each([
    [
      "sftp://u1@u1.your-storagebox.de:23/app",
      "off the server, over SFTP: the server's key may delete there",
    ],
    ["s3:https://store.example/bucket/app", "off the server, on S3"],
  ])("say what kind of place %s is", (repository, kind) => {
    const { config } = EXPECTED;
    const expected = { ...EXPECTED, config: { ...config, backup: { ...config.backup, repository } } };
    expect(freshVerdict(GOOD, expected)).toMatchObject({ evidence: expect.stringContaining(kind) as string });
  });

  it("each fail on a host that has no backups at all", async () => {
    const sources = { host: () => Promise.resolve(hostWith([])) } as unknown as Sources;
    const verdicts = await Promise.all(BACKUP_CHECKS.map((check) => check.run(sources, EXPECTED)));
    expect(verdicts.map(({ ok }) => ok)).toEqual(BACKUP_CHECKS.map(() => false));
  });
});
