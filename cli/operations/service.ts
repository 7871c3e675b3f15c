import { shellQuote } from "../../components/lib/shell";
import type { System } from "../../components/lib/system";
import { withGivenSecrets } from "../../components/lib/system-secrets";
import { PROXY } from "../../components/lib/system-rules-service";
import { failed, usage } from "../cli-error";

/** Everything that runs: services, units and the proxy. */
export function partNames(system: System): string[] {
  return [...Object.keys(system.services), ...system.units.map(({ name }) => name), PROXY];
}

/** Everything that has a container: the system's services and the proxy. */
export function serviceNames(system: System): string[] {
  return [...Object.keys(system.services), PROXY];
}

/** @throws CliError (usage) when the system has no such service; of `names` where not all will do. */
export function checkService(system: System, name: string, names = serviceNames(system)): string {
  if (names.includes(name)) return name;
  throw usage(`SERVICE: must be one of ${names.join(", ")}, got ${name}; fix: homeport ps lists them`);
}

/** Exit code of {@link withContainer} when the service has none. */
const NO_CONTAINER = 66;

/**
 * A line for the server's shell: the newest container of a service is `$id` in `command`. A version that just failed
 * to start is the newest, too, unless only running ones are asked for.
 */
export function withContainer(system: System, service: string, command: string, isRunning: boolean): string {
  const labels = { "homeport.system": system.name, "homeport.service": service };
  const filters = Object.entries(labels).map(
    ([label, value]) => `--filter ${shellQuote(`label=${label}=${value}`)}`,
  );
  const list = `docker ps ${isRunning ? "-q" : "-aq"} ${filters.join(" ")}`;
  return `id=$(${list} | head -n 1); [ -n "$id" ] || exit ${NO_CONTAINER}; exec ${command}`;
}

/** What a remote exit code says about the connection or the container. @throws CliError when either is missing. */
export function checkReached(code: number, service: string): void {
  if (code === NO_CONTAINER)
    throw failed(`service ${service} has no container; fix: homeport ps, then pulumi up`);
  if (code === 255) throw failed("the connection to the server failed; fix: homeport ssh says why");
}

/** What is run in a container: with its secrets in the environment, as its entrypoint has them. */
export function consoleCommand(
  system: System,
  service: string,
  typed: readonly string[],
  isTty: boolean,
): string {
  const spec = system.services[service];
  const words = typed.length > 0 ? typed : (spec?.console ?? []);
  if (words.length === 0) {
    throw usage(
      `service ${service} has no console of its own; fix: homeport console ${service} -- COMMAND, or console: [...] in the system`,
    );
  }
  const all = [...wrapperOf(system, service), ...words];
  return `docker exec ${isTty ? "-it" : "-i"} "$id" ${all.map(shellQuote).join(" ")}`;
}

/** A container whose secrets are all optional has the wrapper where its stack has one of them. */
function wrapperOf(system: System, service: string): string[] {
  const wrapper = "/run/homeport/with-secrets";
  const spec = system.services[service];
  if (spec === undefined || spec.secrets.length === 0 || spec.secretFiles) return [];
  const always = withGivenSecrets(system, []).services[service]?.secrets ?? [];
  if (always.length > 0) return [wrapper];
  return ["sh", "-c", `[ ! -x ${wrapper} ] || exec ${wrapper} "$@"; exec "$@"`, "sh"];
}

export interface LogOptions {
  readonly follow?: boolean;
  readonly since?: string;
  readonly lines?: string;
}

const SINCE =
  /^(\d+(\.\d+)?[smh]){1,3}$|^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/** @throws CliError (usage) with every wrong option at once. */
export function checkLogOptions({ since, lines = "100" }: LogOptions): void {
  const faults = [
    ...(since === undefined || SINCE.test(since)
      ? []
      : [`--since: must be a time like 10m, 2h30m or 2026-11-21T03:00:00Z, got ${since}; fix: --since 10m`]),
    ...(/^(\d{1,9}|all)$/.test(lines)
      ? []
      : [`--lines: must be a number or all, got ${lines}; fix: --lines 100`]),
  ];
  if (faults.length > 0) throw usage(...faults);
}

/** `docker logs` as asked for. @throws CliError (usage) with every wrong option at once. */
export function logsCommand(options: LogOptions): string {
  const { since, lines = "100" } = options;
  checkLogOptions(options);
  const flags = [
    `--tail ${lines}`,
    ...(since === undefined ? [] : [`--since ${shellQuote(since)}`]),
    ...(options.follow === true ? ["--follow"] : []),
  ];
  return `docker logs ${flags.join(" ")} "$id"`;
}
