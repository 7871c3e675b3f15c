import { broken, checkOf, proven, replaceStep, type Check, type Verdict } from "./check";
import { containersOf, type Container } from "./checks-containers";
import type { Output } from "./facts";

/** Above this a dump, an image or a write-ahead log may be the last straw. */
const FULL_PERCENT = 90;

/** Of one container, all its files together. */
const MOST_LOG_BYTES = 1024 ** 3;

/** More than a month, for a schedule of one a month. */
const MOST_DAYS = 35;
const DAY_MS = 86_400_000;

/** What must hold on the host so that all the rest goes on to hold. */
export const UPKEEP_CHECKS: readonly Check[] = [
  checkOf("S1-10", "the permanent host key is the only one", "host", (host) =>
    hostKeyVerdict(host.host_keys),
  ),
  checkOf("S1-12", "what holds a secret is closed to others", "host", (host) =>
    secretFilesVerdict(host.secret_files),
  ),
  checkOf("S1-21", "services run, and start with the host", "host", (host) => unitsVerdict(host.units)),
  checkOf("S1-21", "containers' logs are bounded", "host", (host) => logsVerdict(containersOf(host))),
  checkOf("S2-25", "packages are upgraded by schedule", "host", (host, { config, now }) =>
    patchingVerdict(host.patching, config.upgradeSchedule, now),
  ),
  checkOf("H2", "no disk is nearly full", "host", (host) => disksVerdict(host.disks)),
];

export function hostKeyVerdict(probe: Output): Verdict {
  const files = linesOf(probe);
  if (files.join() === "ssh_host_ed25519_key") return proven("ssh_host_ed25519_key alone");
  return broken(`host keys: ${files.join(", ") || "none"}`, replaceStep("hardening-host-key-only"));
}

/** Files and folders that others may read, change or enter: none. */
export function secretFilesVerdict(probe: Output): Verdict {
  const open = linesOf(probe);
  if (open.length === 0) return proven("secrets, backup settings, origin key, registry login");
  return broken(`open to others: ${open.join(", ")}`, "homeport drift --heal");
}

/** `UNIT ENABLED ACTIVE` each. */
export function unitsVerdict(probe: Output): Verdict {
  const units = linesOf(probe);
  const wrong = units.filter((line) => !/^\S+ enabled active$/.test(line));
  if (units.length === 0) return broken("systemd does not say which services run", "homeport ssh, then look");
  if (wrong.length > 0) return broken(`units: ${wrong.join(", ")}`, "homeport drift --heal");
  return proven(units.map((line) => line.split(" ")[0]).join(", "));
}

/** When upgrades run, when one last ran to its end, and whether what it brought is in use. */
export function patchingVerdict(probe: Output, schedule: string, now: Date): Verdict {
  const said = (name: string): string => new RegExp(`^${name} (.*)$`, "m").exec(probe.out)?.[1] ?? "";
  const log = "homeport ssh -- sudo tail -n 20 /var/log/homeport-upgrade.log";
  if (said("schedule") !== schedule)
    return broken(`the schedule is ${said("schedule") || "missing"}`, replaceStep("hardening-packages"));
  const days = Math.floor((now.getTime() - Date.parse(said("upgraded"))) / DAY_MS);
  if (!(days <= MOST_DAYS)) return broken(`the last good upgrade was ${said("upgraded") || "never"}`, log);
  const restart = said("restart") === "due" ? "; a restart is due: homeport ssh -- sudo reboot" : "";
  return proven(`${schedule}, last ${said("upgraded")}${restart}`);
}

/** A log without an end fills the disk, and a full disk stops the database. Other drivers keep no file of their own. */
export function logsVerdict(containers: readonly Container[]): Verdict {
  const isBounded = ({ HostConfig: { LogConfig: log } }: Container): boolean =>
    log?.Type !== "json-file" ||
    sizeOf(log.Config?.["max-size"]) * Number(log.Config?.["max-file"] ?? 1) <= MOST_LOG_BYTES;
  const endless = containers.filter((container) => !isBounded(container));
  if (endless.length === 0) return proven(`${containers.length} containers`);
  const names = endless.map(({ Name }) => Name.replace(/^\//, "")).join(", ");
  return broken(
    `more than 1 GiB of log, or no max-size: ${names}`,
    "homeport drift --heal; a container that is not ours: docker rm -f NAME",
  );
}

/** Bytes of Docker's `10m`; infinite where there is none. */
function sizeOf(text: string | undefined): number {
  const [, count, unit] = /^(\d+)([kmg]?)b?$/i.exec(text ?? "") ?? [];
  if (count === undefined) return Infinity;
  return Number(count) * 1024 ** ["", "k", "m", "g"].indexOf((unit ?? "").toLowerCase());
}

/** `df`: used percent of space and of inodes, and where. */
export function disksVerdict(probe: Output): Verdict {
  const lines = probe.out.matchAll(/^\s*(\d+)%\s+(?:(\d+)%|-)\s+(\S+)$/gm);
  // df tells a place once for each mount that shows it
  const disks = new Map<string, number>();
  for (const [, space, inodes, at = ""] of lines)
    disks.set(at, Math.max(disks.get(at) ?? 0, Number(space), Number(inodes ?? 0)));
  const used = [...disks];
  const full = used.filter(([, percent]) => percent >= FULL_PERCENT);
  if (used.length === 0) return broken("df names no disk", "homeport ssh -- df -h");
  if (full.length > 0)
    return broken(
      full.map(([at, percent]) => `${at} is ${percent} % full`).join(", "),
      "homeport ssh -- sudo du -xh / | sort -h",
    );
  return proven(used.map(([at, percent]) => `${at} ${percent} %`).join(", "));
}

function linesOf(probe: Output): string[] {
  return probe.out
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}
