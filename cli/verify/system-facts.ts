import { environmentFiles } from "../../components/lib/environment-file";
import { isCommandCheck, isLogCheck } from "../../components/lib/system-checks";
import { fullHostname, type System } from "../../components/lib/system";
import { ACCESS_LOG_FILE } from "../../components/lib/system-access-log";
import { failed } from "../cli-error";
import { remoteScript } from "../project";
import { lastLine } from "../run";
import { runScriptAsRoot, type Server } from "../ssh";
import type { Output } from "./facts";

/** What scripts/remote/verify-system.sh found. */
export interface SystemFacts {
  /** Path -> `750 1000:1000`, or nothing where there is no directory. */
  readonly directories: Readonly<Record<string, string>>;
  /** Path -> `600 0:0 SHA256` of each environment file, or nothing where there is none. */
  readonly files: Readonly<Record<string, string>>;
  /** As the system names it -> `git 1:2.47.3`, or nothing where it is not installed. */
  readonly packages: Readonly<Record<string, string>>;
  /** Version of Docker's Compose plugin, or nothing. */
  readonly compose: string;
  /** Of a system with an access log. */
  readonly access: AccessFacts | null;
  /** One for each command check of the system, in their order. */
  readonly commands: readonly Output[];
  /** One for each log check, in their order. */
  readonly logs: readonly LogFacts[];
}

/** What the access log says of a visit that has just been made, with a query. */
export interface AccessFacts {
  /** Lines of it. */
  readonly lines: number;
  /** Lines that hold its query. */
  readonly query: number;
  /** Of all its files. */
  readonly bytes: number;
}

/** What a log says that it must not. */
export interface LogFacts {
  /** There is one. */
  readonly found: boolean;
  /** Lines with what was looked for. */
  readonly lines: number;
  /** The first of it, without the rest of its line. */
  readonly word: string;
  /** Lines that hold the value of a secret. */
  readonly secrets: number;
}

const TIMEOUT_SECONDS = 90;

/** Looks at a system's directories and runs its commands, over one SSH connection. @throws CliError when it cannot. */
export async function systemFacts(server: Server, system: System, domain: string): Promise<SystemFacts> {
  const { checks, units, packages } = system;
  const commands = checks.filter(isCommandCheck).map(({ service, command }) => ({ service, command }));
  const logs = checks.filter(isLogCheck).map(({ service, log }) => ({
    ...{ service, isUnit: units.some(({ name }) => name === service) },
    ...{ without: log.without, minutes: log.minutes ?? "" },
  }));
  const question = JSON.stringify({
    system: system.name,
    directories: system.files.map(({ path }) => path),
    files: environmentFiles(system).map(({ path }) => path),
    ...{ packages, access: accessQuestion(system, domain), commands, logs },
  });
  const words = [Buffer.from(question).toString("base64")];
  const result = await runScriptAsRoot(server, remoteScript("verify-system.sh"), words, TIMEOUT_SECONDS);
  if (result.code === 0) return JSON.parse(result.stdout) as SystemFacts;
  const why = lastLine(result.stderr);
  throw failed(`the system could not be looked at: ${why}; fix: homeport ssh, then look`);
}

/** The file, and a site that is asked for a line in it. */
function accessQuestion(
  { accessLog, sites }: System,
  domain: string,
): Readonly<Record<string, string>> | null {
  const [site] = sites;
  if (accessLog === undefined || site === undefined) return null;
  const file = `${accessLog.directory}/${ACCESS_LOG_FILE}`;
  return { file, host: fullHostname(site.hostname, domain), path: site.healthPath };
}
