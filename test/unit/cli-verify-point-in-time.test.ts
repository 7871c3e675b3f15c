import { describe, expect, it } from "vitest";
import { DEFAULT_POINT_IN_TIME } from "../../components/lib/config-rules-point-in-time";
import {
  archiveVerdict,
  POINT_IN_TIME_CHECKS,
  type ArchiveFacts,
} from "../../cli/verify/checks-point-in-time";
import type { Sources } from "../../cli/verify/check";
import { expectedStack, hostWith, said } from "../support/verify";

const GOOD = {
  folder: "postgres",
  unit: "active",
  now: "2026-11-21T12:00:05Z",
  wal: {
    ...{ at: "2026-11-21T12:00:01Z", shipped_at: "2026-11-21T12:00:00Z", stream: "S-1", error: "" },
    ...{ written: "1/5000", received: "1/5000" },
  },
  base: { ok: true, at: "2026-11-15T02:30:09Z", stream: "S-1", error: "" },
} as const satisfies ArchiveFacts;
const EXPECTED = expectedStack();
const ON = { ...EXPECTED, config: { ...EXPECTED.config, pointInTime: DEFAULT_POINT_IN_TIME } };
const OFF = { ...ON, config: { ...ON.config, pointInTime: { ...DEFAULT_POINT_IN_TIME, enabled: false } } };

describe("the check of the archive", () => {
  it("passes when what was written seconds ago is off the server, with a base backup to begin from", () => {
    expect(archiveVerdict("postgres", GOOD, DEFAULT_POINT_IN_TIME)).toEqual({
      ok: true,
      evidence: "shipped 5 s ago; base backup of 2026-11-15T02:30:09Z",
    });
  });

  it.each<[string, ArchiveFacts | undefined, string]>([
    ["no archive", undefined, "there is no archive of postgres"],
    ["a stopped service", { ...GOOD, unit: "inactive" }, "homeport-wal@postgres is inactive"],
    ["a service that said nothing yet", { ...GOOD, wal: null }, "has not said anything"],
    ["a service that hangs", { ...GOOD, now: "2026-11-21T12:02:00Z" }, "nothing was said about the archive"],
    ["a store that is down", { ...GOOD, wal: { ...GOOD.wal, error: "refused" } }, "refused"],
    ["no receiver", { ...GOOD, wal: { ...GOOD.wal, received: null } }, "nothing receives"],
    [
      "a receiver that lags, across the 32-bit halves",
      { ...GOOD, wal: { ...GOOD.wal, written: "2/1000", received: "1/F0000000" } },
      "behind the database",
    ],
    [
      "an old shipment",
      { ...GOOD, wal: { ...GOOD.wal, shipped_at: "2026-11-21T11:58:00Z" } },
      "the last shipment was 125 s ago",
    ],
    ["no base backup", { ...GOOD, base: null }, "no proven base backup to begin from: none was taken"],
    ["a base backup of another stream", { ...GOOD, base: { ...GOOD.base, stream: "S-0" } }, "no proven base"],
    [
      "a base backup of the month before",
      { ...GOOD, base: { ...GOOD.base, at: "2026-10-11T02:30:09Z" } },
      "the newest base backup is of 2026-10-11",
    ],
    ["a red one", { ...GOOD, base: { ...GOOD.base, ok: false, error: "checksum" } }, "checksum"],
  ])("fails for %s", (_what, facts, why) => {
    const verdict = archiveVerdict("postgres", facts, DEFAULT_POINT_IN_TIME);
    expect(verdict).toMatchObject({ ok: false });
    expect(JSON.stringify(verdict)).toContain(why);
  });

  it("is S1-28, reads what the host said, and says so where it is switched off", async () => {
    const [check] = POINT_IN_TIME_CHECKS;
    expect(check?.id).toBe("S1-28");
    const sources = (facts: readonly unknown[]): Sources =>
      ({
        host: () =>
          Promise.resolve(
            hostWith([], { archives: said(facts.map((each) => JSON.stringify(each)).join("\n")) }),
          ),
      }) as unknown as Sources;
    await expect(check?.run(sources([GOOD]), ON)).resolves.toMatchObject({ ok: true });
    await expect(check?.run(sources([]), ON)).resolves.toMatchObject({ ok: false });
    await expect(check?.run(sources([]), OFF)).resolves.toMatchObject({
      ok: true,
      evidence: expect.stringMatching(/^off: a lost server/) as string,
    });
    const repository = "sftp://u1@u1.your-storagebox.de:23/app";
    const overSftp = {
      ...OFF,
      config: { ...OFF.config, backup: { ...OFF.config.backup, repository } },
    };
    await expect(check?.run(sources([]), overSftp)).resolves.toMatchObject({
      ok: true,
      evidence: expect.stringMatching(/^off, .* the repository is over SFTP: a lost server/) as string,
    });
  });
});
