import { describe, expect, it } from "vitest";
import { archivesOf, describeArchive } from "../../cli/recovery/archives";

const DATABASES = [
  { service: "db", name: "calendar", user: "calendar" },
  { service: "db", name: "reports", user: "calendar" },
  { service: "other", name: "ledger", user: "ledger" },
];
const ALL = DATABASES.map(({ name }) => ({ database: name, folder: name }));

describe("homeport backup verify, the archives", () => {
  it("asks for each database server once, and for those of the chosen databases only", () => {
    expect(archivesOf({ databases: DATABASES }, ALL)).toEqual(["postgres", "postgres-ledger"]);
    expect(archivesOf({ databases: DATABASES }, ALL.slice(1, 2))).toEqual(["postgres"]);
    expect(archivesOf({ databases: DATABASES }, [{ database: "files", folder: "files" }])).toEqual([]);
  });

  it("tells everything that is damaged, and the command that mends it", () => {
    const found = { archive: "postgres", on: true, bases: 1, segments: 4, seconds: 6 };
    const damaged = ["wal/000000010000000000000002.zst cannot be read", "base backup 2026 cannot be read"];
    expect(describeArchive({ ...found, damaged })).toBe(
      [
        "archive of postgres: damaged (1 base backups, 4 segments, 6 s)",
        ...damaged.map((line) => `  ${line}`),
        "  fix: homeport ssh -- sudo /opt/backups/postgres/base.sh, for a whole base backup from now on",
      ].join("\n"),
    );
    expect(describeArchive({ ...found, damaged: [] })).toContain("replayed to its end");
    expect(describeArchive({ archive: "postgres", on: false, damaged: [] })).toContain(
      "homeport:pointInTime",
    );
  });
});
