import { shellQuote } from "../../components/lib/shell";
import type { System } from "../../components/lib/system";
import type { Unit } from "../../components/lib/system-units";
import { remoteScript as withLibraries } from "../../components/lib/scripts";
import { failed, refused } from "../cli-error";
import { lastLine } from "../run";
import { runScriptAsRoot, type Server } from "../ssh";
import { checkLogOptions, type LogOptions } from "./service";
import type { ServiceStatus } from "./status";

/** The unit of that name, if it is one. */
export function unitNamed(system: System, name: string | undefined): Unit | undefined {
  return system.units.find((unit) => unit.name === name);
}

/** A release that is on the server, latest first. */
export interface Release {
  readonly release: string;
  /** When it was installed, RFC 3339. */
  readonly installedAt: string;
  readonly isCurrent: boolean;
}

/** Beyond the health gate's own time, twice: a release that does not answer gives way again. */
const GRACE_SECONDS = 120;

/**
 * `journalctl` as asked for; `10m` is what Docker calls ten minutes ago.
 *
 * @throws CliError (usage) with every wrong option at once.
 */
export function unitLogsCommand(unit: Unit, options: LogOptions): string {
  const { since, lines = "100", follow } = options;
  checkLogOptions(options);
  const from =
    since === undefined ? [] : [`--since ${shellQuote(/^\d{4}-/.test(since) ? since : `-${since}`)}`];
  const flags = [`-n ${lines}`, ...from, ...(follow === true ? ["--follow"] : [])];
  return `exec sudo -n journalctl --no-pager -o short-iso -u ${unit.name}.service ${flags.join(" ")}`;
}

/** Shell that prints a line `unit NAME ACTIVE SUB SINCE RELEASE` for each; names and folders are plain words. */
export function unitsLook(units: readonly Unit[]): string {
  return units
    .map(
      ({ name, folder }) =>
        `echo "unit ${name} $(systemctl show -p ActiveState -p SubState --value ${name} | xargs) ` +
        `$(date -u -d "$(systemctl show -p ActiveEnterTimestamp --value ${name})" +%FT%TZ 2>/dev/null || echo -) ` +
        `$(basename "$(readlink ${folder}/current || echo none)")"\n`,
    )
    .join("");
}

/** What {@link unitsLook} said. */
export function unitStatus(units: readonly Unit[], text: string): ServiceStatus[] {
  const lines = text.split("\n").map((line) => line.split(" "));
  return units.map(({ name, folder }) => {
    const [, , active = "missing", sub = "", since, release = "none"] =
      lines.find((words) => words[1] === name) ?? [];
    return {
      ...{ service: name, container: `${name}.service`, state: `${active} (${sub})` },
      ...{ image: `${folder}/releases/${release}`, since, ok: active === "active" && sub === "running" },
    };
  });
}

/** The unit's releases on the server. */
export async function releasesOf(server: Server, unit: Unit): Promise<Release[]> {
  const text = await rollbackScript(server, unit, "--list");
  return text
    .split("\n")
    .map((line) => line.split(" "))
    .filter(({ length }) => length === 3)
    .map(([release = "", installedAt = "", state]) => ({
      release,
      installedAt,
      isCurrent: state === "current",
    }));
}

/**
 * Back to the former release, or to `to`, its first digits will do. Gives what the server says it did.
 *
 * @throws CliError when there is none, or it does not answer: then what ran before runs again.
 */
export async function rollBackUnit(server: Server, unit: Unit, to: string | undefined): Promise<string> {
  if (to === undefined) return rollbackScript(server, unit);
  const matches = (await releasesOf(server, unit)).filter(({ release }) => release.startsWith(to));
  const [only] = matches;
  if (only !== undefined && matches.length === 1) return rollbackScript(server, unit, only.release);
  const found = matches.length === 0 ? "no release" : `${matches.length} releases`;
  throw refused(
    `--to: must be one release on the server, got ${found} for ${to}; fix: homeport rollback --service ${unit.name} --list`,
  );
}

async function rollbackScript(server: Server, unit: Unit, ...more: readonly string[]): Promise<string> {
  const { name, folder, port, healthPath, startSeconds } = unit;
  const script = withLibraries("77-unit-rollback.sh", ["unit.sh"]);
  const args = [name, folder, String(port), healthPath, String(startSeconds), ...more];
  const result = await runScriptAsRoot(server, script, args, 2 * startSeconds + GRACE_SECONDS);
  if (result.code !== 0) throw failed(lastLine(result.stderr).replace(/^homeport: /, ""));
  return result.stdout.trim();
}
