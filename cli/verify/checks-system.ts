import { compose } from "../../components/lib/system-secrets";
import {
  environmentFilePrint,
  environmentFiles,
  environmentStepName,
  fileValues,
} from "../../components/lib/environment-file";
import { fillDomain, withDomain } from "../../components/lib/system-environment";
import { fullHostname, type System } from "../../components/lib/system";
import {
  isAnswerCheck,
  isCommandCheck,
  isLogCheck,
  type AnswerCheckSpec,
  type CommandCheckSpec,
  type LogCheckSpec,
} from "../../components/lib/system-checks";
import {
  broken,
  checkOf,
  proven,
  replaceStep,
  together,
  type Check,
  type Expected,
  type Verdict,
} from "./check";
import { containersOf } from "./checks-containers";
import type { HostFacts, Output } from "./facts";
import type { HttpAnswer, HttpRequest } from "./http";
import type { LogFacts, SystemFacts } from "./system-facts";

/** What must hold of directories that the host lends to containers. */
export const DIRECTORY_CHECKS: readonly Check[] = [
  checkOf(
    "S3-2",
    "directories have their owners and modes",
    "system",
    directoriesVerdict,
    ({ files }) => files.length > 0,
  ),
  checkOf(
    "S3-6",
    "containers mount what they should, writable only where they should",
    "host",
    mountsVerdict,
    (system) => Object.values(system.services).some(({ hostMounts }) => hostMounts.length > 0),
  ),
  checkOf(
    "S3-7",
    "environment files are root's alone, and say what the containers have",
    "system",
    environmentFilesVerdict,
    (system) => environmentFiles(system).length > 0,
  ),
];

/** The checks that the system brings along. */
export function ownChecks({ checks }: System): Check[] {
  const commands = checks.filter(isCommandCheck);
  const logs = checks.filter(isLogCheck);
  return checks.map((check): Check => {
    const { id, title } = check;
    if (isAnswerCheck(check)) {
      return {
        ...{ id, title },
        run: async ({ ask }, expected) =>
          answerVerdict(check, await ask(requestOf(check, expected)), expected),
      };
    }
    if (isLogCheck(check)) {
      const at = logs.indexOf(check);
      return checkOf(id, title, "system", (found) => logVerdict(check, found.logs[at]));
    }
    const at = commands.indexOf(check);
    return checkOf(id, title, "system", (found) => commandVerdict(check, found.commands[at]));
  });
}

export function directoriesVerdict(
  { directories }: Pick<SystemFacts, "directories">,
  { system }: Expected,
): Verdict {
  const fix = replaceStep("files-directories");
  const verdicts = system.files.map(({ path, owner, mode }) => {
    const [wanted, found] = [`${mode.replace(/^0/, "")} ${owner}`, directories[path] ?? ""];
    if (found !== wanted) return broken(`${path} is ${found || "no directory"}, not ${wanted}`, fix);
    return proven(`${path} ${mode} ${owner}`);
  });
  return together(verdicts);
}

export function environmentFilesVerdict(
  { files }: Pick<SystemFacts, "files">,
  { system, config, secretValues }: Expected,
): Verdict {
  const verdicts = environmentFiles(system).map((file) => {
    const values = fileValues(file, config.environment, secretValues);
    const [mode, owner, sum] = environmentFilePrint(values).split(" ");
    const [hasMode = "", hasOwner = "", hasSum] = (files[file.path] ?? "").split(" ");
    const fix = replaceStep(environmentStepName("app", file.path));
    if (hasMode === "") return broken(`${file.path} is not there`, fix);
    if (hasMode !== mode || hasOwner !== owner)
      return broken(`${file.path} is ${hasMode} ${hasOwner}, not ${mode} ${owner}`, fix);
    if (hasSum !== sum) return broken(`${file.path} says something else than the containers have`, fix);
    return proven(`${file.path} ${mode} ${owner}, ${Object.keys(values).length} variables`);
  });
  return together(verdicts);
}

export function mountsVerdict(host: Pick<HostFacts, "containers">, { system }: Expected): Verdict {
  const containers = containersOf(host);
  const verdicts = Object.values(system.services).flatMap(({ name, hostMounts }) => {
    const container = containers.find((each) => each.Config.Labels?.["homeport.service"] === name);
    return hostMounts.map(({ hostPath, containerPath, readOnly }) => {
      const found = container?.Mounts?.find((each) => each.Destination === containerPath);
      const text = `${hostPath}:${containerPath}${readOnly ? ":ro" : ""}`;
      const isThere = found?.Source === hostPath && found.RW !== readOnly;
      return isThere ? proven(text) : broken(`${name} does not have ${text}`, "pulumi up --refresh");
    });
  });
  return together(verdicts);
}

function originOf({ request }: AnswerCheckSpec, { system, config }: Expected): string {
  return `https://${fullHostname(request.site ?? system.sites[0]?.hostname ?? "@", config.domain)}`;
}

/** The request of a check, with the secrets in it. */
export function requestOf(check: AnswerCheckSpec, expected: Expected): HttpRequest {
  const { request } = check;
  const { path, method, body, bearer, basic } = request;
  const secret = (name: string): string => expected.secretValues[name] ?? "";
  const words =
    basic === undefined ? "" : Buffer.from(`${basic.user}:${secret(basic.secret)}`).toString("base64");
  return {
    url: `${originOf(check, expected)}${compose(path, secret)}`,
    method,
    body: body === undefined ? undefined : compose(fillDomain(body, expected.config.domain), secret),
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...withDomain(request.headers ?? {}, expected.config.domain),
      ...(bearer === undefined ? {} : { authorization: `Bearer ${secret(bearer)}` }),
      ...(basic === undefined ? {} : { authorization: `Basic ${words}` }),
    },
  };
}

export function answerVerdict(check: AnswerCheckSpec, found: HttpAnswer, expected: Expected): Verdict {
  const { path, method = "GET" } = check.request;
  const url = `${originOf(check, expected)}${path}`; // as the spec has it: a secret in it stays a name
  const headers = withDomain(check.answer.headers ?? {}, expected.config.domain);
  const wrong =
    found.error === undefined
      ? [...statusFaults(check, found), ...headerFaults(headers, found), ...bodyFaults(check, found)]
      : [found.error];
  if (wrong.length === 0) return proven(`${method} ${url} ${found.status}`);
  return broken(`${url}: ${wrong.join("; ")}`, check.fix ?? "homeport logs: what the service says of it");
}

function statusFaults({ answer }: AnswerCheckSpec, { status = 0 }: HttpAnswer): string[] {
  const wanted = [answer.status].flat();
  return wanted.includes(status) ? [] : [`status ${status}, not ${wanted.join(" or ")}`];
}

function headerFaults(wanted: Readonly<Record<string, string>>, { headers }: HttpAnswer): string[] {
  return Object.entries(wanted)
    .filter(([name, value]) => headers[name.toLowerCase()] !== value)
    .map(([name, value]) => `${name} is ${headers[name.toLowerCase()] ?? "missing"}, not ${value}`);
}

function bodyFaults({ answer }: AnswerCheckSpec, { body }: HttpAnswer): string[] {
  const { contains = "", json = {} } = answer;
  const words = body.includes(contains) ? [] : [`the body does not hold ${JSON.stringify(contains)}`];
  return [...words, ...jsonFaults(json, body)];
}

type Json = NonNullable<AnswerCheckSpec["answer"]["json"]>;

function jsonFaults(wanted: Json, body: string): string[] {
  const paths = Object.entries(wanted);
  const parsed = paths.length === 0 ? {} : parse(body);
  if (parsed === undefined) return ["the body is not JSON"];
  return paths.flatMap(([path, value]) => jsonFault(path, value, parsed));
}

function jsonFault(path: string, value: Json[string], parsed: unknown): string[] {
  const has = path
    .split(".")
    .reduce<unknown>((at, name) => (at as Record<string, unknown> | null | undefined)?.[name], parsed);
  const shown = has === undefined ? "missing" : JSON.stringify(has);
  if (typeof value !== "object")
    return has === value ? [] : [`${path} is ${shown}, not ${JSON.stringify(value)}`];
  const isLow = typeof has === "number" && has <= value.atMost;
  return isLow ? [] : [`${path} is ${shown}, more than ${value.atMost}`];
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

/** Neither output nor errors are shown: a command may print what is secret. */
export function commandVerdict(check: CommandCheckSpec, found: Output | undefined): Verdict {
  const words = check.command.join(" ");
  const fix = check.fix ?? `homeport logs ${check.service}: what the service says of it`;
  if (found === undefined) return broken(`${check.service}: ${words} was not run`, "homeport verify again");
  if (found.code !== 0) return broken(`${check.service}: ${words} ended with ${found.code}`, fix);
  if (check.prints !== undefined && !new RegExp(check.prints, "m").test(found.out))
    return broken(`${check.service}: ${words} does not print ${check.prints}`, fix);
  return proven(`${check.service}: ${words}`);
}

/** Neither what it must not say, nor a secret's value. */
export function logVerdict({ service, log, fix }: LogCheckSpec, found: LogFacts | undefined): Verdict {
  const look = fix ?? `homeport logs ${service}`;
  if (found?.found !== true) return broken(`${service} has no log`, "homeport ps, then pulumi up");
  if (found.secrets > 0)
    return broken(
      `${service}: ${found.secrets} lines hold a secret`,
      "correct what writes it, then rotate the secret",
    );
  if (found.lines > 0)
    return broken(`${service}: ${found.lines} lines say ${JSON.stringify(found.word)}`, look);
  const time = log.minutes === undefined ? "" : ` of the last ${log.minutes} min`;
  return proven(`${service}: no line${time} says ${log.without}`);
}
