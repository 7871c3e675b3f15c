import { specFault as fault, type Fault } from "./faults";
import type { SystemSpec } from "./system";
import { partsOf } from "./system-secrets";
import { withoutSlash } from "./system-sites";
import {
  isAnswerCheck,
  isLogCheck,
  type AnswerCheckSpec,
  type CommandCheckSpec,
  type LogCheckSpec,
  type SystemCheckSpec,
} from "./system-checks";

const ID = /^[A-Z]{1,4}\d{0,2}(-\d{1,3}[a-z]?)?$/;

/** Every broken rule of the system's own checks. */
export function checkFaults(spec: SystemSpec): Fault[] {
  return (spec.checks ?? []).flatMap((check, index) => {
    const at = `checks[${index}]`;
    const faults: Fault[] = [];
    if (!ID.test(check.id))
      faults.push(fault(`${at}.id`, "be a requirement's id", check.id, 'write "S3-20"'));
    if (check.title === "") faults.push(fault(`${at}.title`, "say what is proven", "", "write a few words"));
    return [...faults, ...kindFaults(spec, at, check)];
  });
}

function kindFaults(spec: SystemSpec, at: string, check: SystemCheckSpec): Fault[] {
  if (isAnswerCheck(check)) return answerFaults(spec, at, check);
  return isLogCheck(check) ? logFaults(spec, at, check) : commandFaults(spec, at, check);
}

function logFaults(spec: SystemSpec, at: string, { service, log }: LogCheckSpec): Fault[] {
  const faults = serviceFaults(
    [...Object.keys(spec.services), ...Object.keys(spec.units ?? {})],
    at,
    service,
  );
  if (log.without === "" || !isPattern(log.without))
    faults.push(fault(`${at}.log.without`, "be a regular expression", log.without, 'write "password|token"'));
  const { minutes = 1 } = log;
  if (!Number.isInteger(minutes) || minutes < 1)
    faults.push(fault(`${at}.log.minutes`, "be a whole number from 1", minutes, "set it to 5"));
  return faults;
}

function serviceFaults(known: readonly string[], at: string, service: string): Fault[] {
  if (known.includes(service)) return [];
  const rule = "name a service of this system";
  return [fault(`${at}.service`, rule, service, `use one of: ${known.join(", ")}`)];
}

function answerFaults(spec: SystemSpec, at: string, { request, answer }: AnswerCheckSpec): Fault[] {
  const faults = secretFaults(spec, at, [
    ...[request.bearer, request.basic?.secret],
    ...partsOf(request.body ?? "").map(({ name }) => name),
    ...partsOf(request.path).map(({ name }) => name),
  ]);
  const hosts = spec.sites.map(({ hostname }) => hostname);
  if (request.site !== undefined && !hosts.includes(request.site)) {
    const fix = `use one of: ${hosts.join(", ")}`;
    faults.push(fault(`${at}.request.site`, "be a site's hostname", request.site, fix));
  }
  faults.push(...pathSecretFaults(spec, at, request));
  if (!request.path.startsWith("/"))
    faults.push(fault(`${at}.request.path`, "start with /", request.path, 'write "/healthz"'));
  const statuses = [answer.status].flat();
  if (statuses.length === 0 || !statuses.every(isStatus)) {
    const rule = "be statuses from 200 to 599";
    faults.push(fault(`${at}.answer.status`, rule, statuses.join(", "), "set it to 200"));
  }
  return faults;
}

function pathSecretFaults(spec: SystemSpec, at: string, request: AnswerCheckSpec["request"]): Fault[] {
  if (partsOf(request.path).length === 0) return [];
  const site = spec.sites.find(({ hostname }) => hostname === request.site) ?? spec.sites[0];
  const silent = site?.unlogged ?? [];
  if (silent.some((each) => request.path.startsWith(`${withoutSlash(each)}/`))) return [];
  const rule = "name a secret only where the proxy's logs have no word of it";
  return [fault(`${at}.request.path`, rule, request.path, "add its prefix to the site's unlogged")];
}

function isStatus(status: number): boolean {
  return Number.isInteger(status) && status >= 200 && status < 600;
}

function secretFaults(spec: SystemSpec, at: string, names: readonly (string | undefined)[]): Fault[] {
  return names
    .filter((name) => name !== undefined)
    .filter((name) => !(name in (spec.secrets ?? {})))
    .map((name) => fault(`${at}.request`, "name a declared secret", name, `add secrets.${name}`));
}

function commandFaults(spec: SystemSpec, at: string, check: CommandCheckSpec): Fault[] {
  const faults = serviceFaults(Object.keys(spec.services), at, check.service);
  if (check.command.length === 0 || check.command[0] === "")
    faults.push(fault(`${at}.command`, "start with a program", "nothing", "name the program"));
  if (check.prints !== undefined && !isPattern(check.prints))
    faults.push(fault(`${at}.prints`, "be a regular expression", check.prints, "correct it"));
  return faults;
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, "m") instanceof RegExp;
  } catch {
    return false;
  }
}
