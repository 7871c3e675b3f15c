import type { System } from "../../components/lib/system";
import type { Unit } from "../../components/lib/system-units";
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
import type { Output } from "./facts";

/** What the host says of one unit. */
export interface UnitFacts {
  readonly name: string;
  /** `active running`. */
  readonly state: string;
  readonly enabled: string;
  /** Whether the proxy finds it. */
  readonly socket: string;
  /** HTTP status of its health path, `000` for no answer. */
  readonly code: string;
  /** Local addresses that its port is open on, by spaces. */
  readonly listens: string;
  /** `600 www-data:www-data`, nothing where there is none. */
  readonly env: string;
  /** `www-data:www-data`, whom its folder belongs to. */
  readonly owner: string;
  /** A file of its code that is another's, or why nobody could look. */
  readonly alien: string;
  /** `User=` of the unit as systemd has it. */
  readonly user: string;
  /** Of `systemd-analyze security`, 0 to 10. */
  readonly exposure: string;
  /** Lines of errors among the last hundred of its journal, since it was started. */
  readonly errors: string;
  /** All that anybody on the host may read of it. */
  readonly shown: string;
  readonly release: string;
}

/** Systemd calls less than this OK; ours has 1.3. */
const MOST_EXPOSURE = 3;

/** What must hold of applications without a container. */
export const UNIT_CHECKS: readonly Check[] = [
  unitCheck("S2-3", "units listen on loopback alone", listensFault, ({ listens }) => listens),
  unitCheck("S2-7", "a unit's environment is for its own user", envFault, ({ env }) => `.env ${env}`),
  unitCheck("S2-8", "units run as their own user, sandboxed", sandboxFault, sandboxEvidence),
  unitCheck(
    "S2-8",
    "a unit's code is its own user's, and its folder root's",
    ownerFault,
    ({ owner }) => `folder ${owner}`,
  ),
  unitCheck("S2-10", "units answer where they say that they are well", answerFault, ({ code }) => code),
  unitCheck(
    "S2-17",
    "the units' journals hold no errors",
    errorsFault,
    () => "no error in the last 100 lines",
  ),
  unitCheck("S2-20", "units run, and start with the host", stateFault, ({ release }) => `release ${release}`),
  unitCheck("H9", "systemd shows no secret", shownFault, () => "none in unit files and systemctl show"),
  checkOf("S2-5", "no .secrets.json is on the host", "host", (host) => strayVerdict(host.strays), hasUnits),
];

function hasUnits({ units }: System): boolean {
  return units.length > 0;
}

type Fault = readonly [found: string, fix: string] | undefined;

function unitCheck(
  id: string,
  title: string,
  faultOf: (found: UnitFacts, unit: Unit, expected: Expected) => Fault,
  evidenceOf: (found: UnitFacts) => string,
): Check {
  return checkOf(
    id,
    title,
    "host",
    (host, expected) => unitVerdict(host.applications, expected, faultOf, evidenceOf),
    hasUnits,
  );
}

function unitVerdict(
  probe: Output,
  expected: Expected,
  faultOf: (found: UnitFacts, unit: Unit, expected: Expected) => Fault,
  evidenceOf: (found: UnitFacts) => string,
): Verdict {
  const all = unitFacts(probe);
  const verdicts = expected.system.units.map((unit) => {
    const found = all.find(({ name }) => name === unit.name);
    if (found === undefined)
      return broken(`the host says nothing of ${unit.name}`, "homeport ssh, then look");
    const fault = faultOf(found, unit, expected);
    if (fault !== undefined) return broken(`${unit.name}: ${fault[0]}`, fault[1]);
    return proven(`${unit.name} ${evidenceOf(found)}`);
  });
  return together(verdicts);
}

export function unitFacts(probe: Output): UnitFacts[] {
  const lines = probe.out.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as UnitFacts);
}

function restart({ name }: Unit): string {
  return replaceStep(`units-${name}-start`);
}

export function stateFault({ state, enabled, socket }: UnitFacts, unit: Unit): Fault {
  if (state !== "active running")
    return [`it is ${state}`, `homeport logs ${unit.name}, then ${restart(unit)}`];
  if (enabled !== "enabled")
    return [`it is ${enabled || "unknown"}, so a boot does not start it`, restart(unit)];
  return socket === "active" ? undefined : [`its socket for the proxy is ${socket}`, restart(unit)];
}

/** Every answer that is not the right one has its own likely cause. */
export function answerFault({ code }: UnitFacts, { name, port, healthPath }: Unit): Fault {
  if (/^2\d\d$/.test(code)) return undefined;
  const logs = `homeport logs ${name}`;
  if (code === "000")
    return [`127.0.0.1:${port} does not answer: it does not run, or listens elsewhere`, logs];
  const said = `${healthPath} answers ${code}`;
  if (code === "401" || code === "403")
    return [`${said}: its token is not set, or the path asks for a login`, logs];
  if (code === "404") return [`${said}: the routes, or another program on port ${port}`, logs];
  if (code === "400" || code === "421") return [`${said}: it does not know its host: hostsVariable`, logs];
  return [code.startsWith("5") ? `${said}: a fault of its own, migrations for one` : said, logs];
}

export function listensFault({ listens }: UnitFacts, unit: Unit): Fault {
  if (listens === "") return [`nothing listens on port ${unit.port}`, `homeport logs ${unit.name}`];
  const open = listens.split(" ").filter((address) => !/^(127\.|\[?::1\]?:)/.test(address));
  const fix = "make the command listen on 127.0.0.1, then pulumi up";
  return open.length === 0 ? undefined : [`it listens on ${open.join(", ")}`, fix];
}

export function envFault({ env }: UnitFacts, unit: Unit): Fault {
  if (env === `600 ${unit.user}:${unit.user}`) return undefined;
  return [`${unit.folder}/.env is ${env || "missing"}`, "homeport drift --heal, then rotate what was open"];
}

/** Whose folder it is can put a link where root's next step writes. */
export function ownerFault({ owner, alien }: UnitFacts, { name, folder, user }: Unit): Fault {
  if (owner !== "root:root")
    return [
      `${folder} belongs to ${owner || "nobody"}, not to root`,
      replaceStep(`units-${name}-environment`),
    ];
  const fix = `homeport ssh -- sudo chown -R ${user}:${user} ${folder}/releases`;
  return alien === "" ? undefined : [`${alien} is not ${user}'s`, fix];
}

export function sandboxFault({ user, exposure }: UnitFacts, unit: Unit): Fault {
  if (user !== unit.user) return [`it runs as ${user || "root"}, not ${unit.user}`, restart(unit)];
  const isSafe = exposure !== "" && Number(exposure) < MOST_EXPOSURE;
  return isSafe ? undefined : [`systemd-analyze security gives it ${exposure || "nothing"}`, restart(unit)];
}

function sandboxEvidence({ user, exposure }: UnitFacts): string {
  return `${user}, exposure ${exposure}`;
}

export function errorsFault({ errors }: UnitFacts, unit: Unit): Fault {
  return errors === "0" ? undefined : [`${errors} lines of errors`, `homeport logs ${unit.name}`];
}

export function shownFault({ shown }: UnitFacts, unit: Unit, { secrets }: Expected): Fault {
  const text = Buffer.from(shown, "base64").toString("utf8");
  if (text === "") return ["systemctl shows nothing of it", restart(unit)];
  if (!secrets.some((secret) => text.includes(secret))) return undefined;
  return ["a secret value is in its unit or its properties", `${restart(unit)}; then rotate it`];
}

export function strayVerdict(probe: Output): Verdict {
  const files = probe.out.split("\n").filter((line) => line !== "");
  if (probe.code !== 0) return broken("the host's files could not be searched", "homeport ssh, then look");
  if (files.length === 0) return proven("none");
  return broken(files.join(", "), "remove it, and rotate what is in it");
}
