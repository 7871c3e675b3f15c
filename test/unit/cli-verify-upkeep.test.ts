import { describe, expect, it } from "vitest";
import {
  disksVerdict,
  hostKeyVerdict,
  logsVerdict,
  patchingVerdict,
  secretFilesVerdict,
  unitsVerdict,
} from "../../cli/verify/checks-upkeep";
import { goodContainers, said } from "../support/verify";

const UNITS = "ssh enabled active\ndocker enabled active\ncron enabled active\n";
const DISKS = "Use% IUse% Mounted on\n 34%    4% /\n  1%     - /var/tmp\n";

function logging(max: string | undefined, type = "json-file") {
  const config: Record<string, string> = max === undefined ? {} : { "max-size": max };
  return goodContainers().map((each) => ({
    ...each,
    HostConfig: { ...each.HostConfig, LogConfig: { Type: type, Config: config } },
  }));
}

describe("checks of the host's upkeep", () => {
  it.each([
    ["one host key", hostKeyVerdict(said("ssh_host_ed25519_key\n"))],
    ["no open secret", secretFilesVerdict(said(""))],
    ["units that run and start", unitsVerdict(said(UNITS))],
    ["bounded logs", logsVerdict(logging("10m"))],
    ["the journal, which bounds itself", logsVerdict(logging(undefined, "journald"))],
    ["Docker's local driver, which has a limit", logsVerdict(logging(undefined, "local"))],
    ["disks with room", disksVerdict(said(DISKS))],
  ])("pass for %s", (_, verdict) => {
    expect(verdict).toMatchObject({ ok: true });
  });

  it("tell each disk once, as full as it is anywhere", () => {
    expect(disksVerdict(said(`${DISKS} 35%    4% /\n`))).toMatchObject({ evidence: "/ 35 %, /var/tmp 1 %" });
  });

  it.each([
    [
      "another host key",
      hostKeyVerdict(said("ssh_host_rsa_key\nssh_host_ed25519_key\n")),
      "ssh_host_rsa_key",
    ],
    ["no host key", hostKeyVerdict(said("")), "none"],
    [
      "an open secret",
      secretFilesVerdict(said("644 /etc/homeport/secrets/db/A\n")),
      "644 /etc/homeport/secrets/db/A",
    ],
    [
      "a stopped unit",
      unitsVerdict(said(UNITS.replace("cron enabled active", "cron enabled inactive"))),
      "cron enabled inactive",
    ],
    [
      "a unit that does not start",
      unitsVerdict(said(UNITS.replace("ssh enabled", "ssh disabled"))),
      "ssh disabled active",
    ],
    ["no systemd", unitsVerdict(said("", 1)), "does not say"],
    ["a log without an end", logsVerdict(logging(undefined)), "running_calendar-db"],
    ["a log of any size", logsVerdict(logging("-1")), "no max-size"],
    ["a log as large as the disk", logsVerdict(logging("100g")), "more than 1 GiB"],
    ["a full disk", disksVerdict(said(DISKS.replace("34%", "93%"))), "/ is 93 % full"],
    ["no inodes left", disksVerdict(said(DISKS.replace(" 4%", "99%"))), "/ is 99 % full"],
    ["no answer of df", disksVerdict(said("", 1)), "names no disk"],
  ])("fail for %s", (_, verdict, found) => {
    expect(verdict).toMatchObject({
      ok: false,
      found: expect.stringContaining(found) as string,
      fix: expect.stringMatching(/./) as string,
    });
  });
});

describe("scheduled upgrades (S2-25)", () => {
  const NOW = new Date("2026-11-21T00:00:00Z");
  const patching = (text: string) => patchingVerdict(said(text), "0 4 * * 0", NOW);
  const GOOD = "schedule 0 4 * * 0\nupgraded 2026-11-15T04:00:12Z\n";

  it("run, and a restart that is due is told", () => {
    expect(patching(GOOD)).toEqual({ ok: true, evidence: "0 4 * * 0, last 2026-11-15T04:00:12Z" });
    expect(patching(`${GOOD}restart due\n`)).toMatchObject({
      ok: true,
      evidence: expect.stringContaining("a restart is due") as string,
    });
  });

  it.each([
    ["are not there", "upgraded 2026-11-15T04:00:12Z\n", /schedule is missing/],
    ["run at another time", GOOD.replace("0 4", "5 5"), /schedule is 5 5 \* \* 0/],
    ["have failed for weeks", GOOD.replace("2026-11", "2026-10"), /last good upgrade was 2026-10-15/],
    ["never ran", "schedule 0 4 * * 0\nupgraded \n", /was never/],
  ])("%s", (_what, text, found) => {
    expect(patching(text)).toMatchObject({ ok: false, found: expect.stringMatching(found) as string });
  });
});
