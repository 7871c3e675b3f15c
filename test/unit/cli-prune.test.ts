import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { pruneCopies } from "../../cli/backup/prune";
import type { PlainConfig } from "../../components/lib/config-rules";
import { runningCalendar } from "../../systems/running-calendar";
import { messages, parseWith } from "../support/valid-config";

const HOST = "running-calendar-prod";
const PASSWORD = "of-this-test-of-this-test-of-this-test";
const KEYS = {
  HOMEPORT_BACKUP_PRUNE_ACCESS_KEY_ID: "x",
  HOMEPORT_BACKUP_PRUNE_SECRET_ACCESS_KEY: "y",
};
/** Long ago: what is younger than a day may be of a backup that runs. */
const at = (day: number, hour = 3): string => `2026-01-${String(day).padStart(2, "0")} 0${hour}:00:00`;

let folder: string;
const env = (): NodeJS.ProcessEnv => ({ ...process.env, ...KEYS, RESTIC_CACHE_DIR: join(folder, "cache") });

/** restic itself, on a repository that is a folder. */
function restic(...args: string[]): string {
  return execFileSync("restic", ["-r", join(folder, "repository"), ...args], {
    env: { ...env(), RESTIC_PASSWORD: PASSWORD },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function push(time: string, tag: string, name: string, text: string): string {
  const path = join(folder, "opt", name);
  writeFileSync(path, text);
  const said = restic("backup", "--json", "--host", HOST, "--time", time, "--tag", tag, path);
  return (JSON.parse(said.trim().split("\n").at(-1) ?? "") as { snapshot_id: string }).snapshot_id;
}

const pushData = (time: string, text: string): string => push(time, "files=data", "data", text);
const pushManifest = (time: string, data: string, files = 10): string =>
  push(time, "files=all", "manifest.json", JSON.stringify({ data, files, bytes: files * 100, trees: [] }));

/** A backup of files as the server takes it: its data, and a moment later the manifest. */
function backUp(day: number, files = 10): string {
  const data = pushData(at(day), `data of day ${day}`);
  pushManifest(at(day, 4), data, files);
  return data;
}

function ids(tag: string): string[] {
  return (JSON.parse(restic("snapshots", "--json", "--tag", tag)) as { short_id: string }[])
    .map(({ short_id }) => short_id)
    .sort();
}

function configOf(daily: number): PlainConfig {
  const parsed = parseWith();
  if (!parsed.ok) throw new Error(messages(parsed).join("\n"));
  const { config } = parsed;
  const backup = { ...config.backup, repository: join(folder, "repository") };
  const secrets = { ...config.secretValues.backup, password: PASSWORD };
  return {
    ...config,
    backup: { ...backup, keep: { daily, weekly: 0, monthly: 0 } },
    secretValues: { ...config.secretValues, backup: secrets },
  };
}

const short = (all: readonly string[]): string[] => all.map((id) => id.slice(0, 8)).sort();

/** Two nights of it, which every test starts from. */
let data: string[];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "prune-"));
  mkdirSync(join(folder, "opt"));
  restic("init", "-q");
  data = [1, 2].map((day) => backUp(day));
  cpSync(join(folder, "repository"), join(folder, "base"), { recursive: true });
}, 120_000);
beforeEach(() => {
  rmSync(join(folder, "repository"), { recursive: true });
  cpSync(join(folder, "base"), join(folder, "repository"), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

// restic derives its key anew for every command
describe("homeport backup prune of directories and volumes", { timeout: 120_000 }, () => {
  it("expires manifests by the policy and the data that only they named; what stays can be read", async () => {
    const third = backUp(3);
    expect(await pruneCopies(configOf(2), runningCalendar, env(), true)).toEqual({ kept: 2, removed: 1 });
    expect([ids("files=data").length, ids("files=all").length]).toEqual([3, 3]);
    expect(await pruneCopies(configOf(2), runningCalendar, env(), false)).toEqual({ kept: 2, removed: 1 });
    expect(ids("files=data")).toEqual(short([data[1] ?? "", third]));
    expect(ids("files=all")).toHaveLength(2);
    expect(restic("dump", third, join(folder, "opt", "data"))).toBe("data of day 3");
    restic("check", "--read-data");
  });

  it("keeps data that a later manifest names too", async () => {
    pushManifest(at(3), data[0] ?? "");
    await pruneCopies(configOf(1), runningCalendar, env(), false);
    expect(ids("files=data")).toEqual(short(data.slice(0, 1)));
  });

  it("takes the data of a backup that was killed, and never that of one that still runs", async () => {
    pushData(at(1, 5), "killed");
    const running = pushData(at(3), "running under a clock that is behind");
    await pruneCopies(configOf(9), runningCalendar, env(), false);
    expect(ids("files=data")).toEqual(short([...data, running]));
    pushManifest("2035-01-01 00:00:00", data[1] ?? ""); // of a night whose clock was ahead
    const now = new Date().toISOString().slice(0, 19).replace("T", " ");
    const young = pushData(now, "running under the right clock");
    await pruneCopies(configOf(9), runningCalendar, env(), false);
    expect(ids("files=data")).toEqual(short([...data, young]));
  });

  it("expires no data when a manifest that stays cannot be read", async () => {
    push(at(3), "files=all", "manifest.json", '{"files": 10, "bytes": 1000}');
    await expect(pruneCopies(configOf(1), runningCalendar, env(), false)).rejects.toThrow(
      /must name its data/,
    );
    expect(ids("files=data")).toEqual(short(data));
  });

  it("refuses when the newest copy lost nearly every file, and expires nothing", async () => {
    pushManifest(at(3), data[1] ?? "", 0);
    await expect(pruneCopies(configOf(1), runningCalendar, env(), false)).rejects.toMatchObject({
      message: expect.stringMatching(
        /newest copy of files holds 0 files, the one of .* 10: nothing/,
      ) as string,
      exitCode: 3,
    });
    expect([ids("files=data").length, ids("files=all").length]).toEqual([2, 3]);
  });

  it("refuses a database that lost its rows as well, and counts its copies", async () => {
    const dump = (day: number, rows: number): string =>
      push(
        at(day),
        "database=running_calendar_production",
        `backup_${day}.manifest.json`,
        JSON.stringify({ tables: [{ rows }] }),
      );
    [1, 2].forEach((day) => dump(day, 50));
    expect(await pruneCopies(configOf(1), runningCalendar, env(), true)).toEqual({ kept: 2, removed: 2 });
    dump(3, 2);
    await expect(pruneCopies(configOf(1), runningCalendar, env(), false)).rejects.toThrow(
      /holds 2 rows, the one of .* 50/,
    );
  });
});
