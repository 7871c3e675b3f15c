import { specFault as fault, type Fault } from "./faults";
import type { SystemSpec } from "./system";
import { filesFaults } from "./system-rules-files";
import { thresholdFaults } from "./system-rules-limits";
import { sharedPath, WWW_DATA, type UnitSpec } from "./system-units";

const NAME = /^[a-z][a-z0-9-]{0,29}$/;
const FOLDER = /^\/opt\/[a-z0-9][a-z0-9._-]*$/;
const SOURCE = /^[A-Za-z0-9_./-]+$/;
const EXCLUDE = /^(?!\.{1,2}(\/|$))[A-Za-z0-9_.][A-Za-z0-9._-]*(\/[A-Za-z0-9_.][A-Za-z0-9._-]*)*$/;
const DIRECTORY = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
const PACKAGE = /^[a-z0-9][a-z0-9+.-]+$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const PATH = /^\/[A-Za-z0-9._~/-]*$/;
const RUNTIMES = ["python-venv", "bundle", "none"];
const RESTARTS = ["always", "on-failure"];
/** Units of the distribution and of Homeport, which one of a system's must not stand in for. */
const TAKEN = /^(ssh|sshd|docker|containerd|cron|ufw|fail2ban|dbus|proxy|systemd-.*|homeport-.*)$/;
const CONTROL = /[\p{Cc}]/u;

/** Every broken rule of the units. */
export function unitsFaults(spec: SystemSpec): Fault[] {
  const units = Object.entries(spec.units ?? {});
  return [
    ...units.flatMap(([name, unit]) => unitFaults(spec, name, unit)),
    ...twice(units, "port", ({ port }) => String(port)),
    ...twice(units, "folder", ({ folder }, name) => folder ?? `/opt/${name}`),
  ];
}

function unitFaults(spec: SystemSpec, name: string, unit: UnitSpec): Fault[] {
  const at = `units.${name}`;
  return [
    ...nameFaults(spec, at, name),
    ...placeFaults(at, unit),
    ...commandFaults(at, unit),
    ...userFaults(at, unit),
    ...environmentFaults(spec, at, unit),
    ...networkFaults(at, unit),
    ...limitFaults(at, unit),
    ...thresholdFaults(`${at}.limits`, unit.limits ?? {}),
    ...writableFaults(at, name, unit),
  ];
}

function nameFaults(spec: SystemSpec, at: string, name: string): Fault[] {
  if (!NAME.test(name))
    return [fault(at, "be named in a-z, digits and -, at most 30", name, "rename it like web-api")];
  if (TAKEN.test(name))
    return [fault(at, "leave the names of the host's own services alone", name, "rename it")];
  if (!(name in spec.services)) return [];
  return [fault(at, "not be called like a service: routes name either", name, "rename one of the two")];
}

function placeFaults(at: string, unit: UnitSpec): Fault[] {
  const faults: Fault[] = [];
  const { source, folder = "/opt/own", runtime = "none" } = unit;
  if (!SOURCE.test(source) || source.startsWith("/")) {
    faults.push(
      fault(`${at}.source`, "be a folder relative to the project's", source, 'write it like "../api"'),
    );
  }
  if (!FOLDER.test(folder) || folder === "/opt/backups") {
    faults.push(
      fault(`${at}.folder`, "be a folder of its own in /opt", folder, "leave it out, or write /opt/NAME"),
    );
  }
  if (!RUNTIMES.includes(runtime)) {
    faults.push(fault(`${at}.runtime`, `be one of ${RUNTIMES.join(", ")}`, runtime, 'write "none"'));
  }
  return [...faults, ...listFaults(at, unit)];
}

function listFaults(at: string, { excludes = [], packages = [] }: UnitSpec): Fault[] {
  const faults: Fault[] = [];
  for (const each of excludes.filter((exclude) => !EXCLUDE.test(exclude))) {
    const rule = "be names, or paths from the top of the code, without patterns";
    faults.push(fault(`${at}.excludes`, rule, each, 'write "node_modules" or "docs/drafts"'));
  }
  for (const each of packages.filter((name) => !PACKAGE.test(name)))
    faults.push(fault(`${at}.packages`, "be names of Debian packages", each, "write it like ruby-rails"));
  return faults;
}

function commandFaults(at: string, { command, beforeStart = ["true"] }: UnitSpec): Fault[] {
  return Object.entries({ command, beforeStart }).flatMap(([field, words]) => {
    const [first] = words;
    const faults: Fault[] = [];
    if (first === undefined || first === "" || /[\s"'\\$%]/.test(first) || /^[-@:+!|]/.test(first)) {
      faults.push(
        fault(`${at}.${field}`, "start with a program", first, 'write it like ["bundle", "exec", "puma"]'),
      );
    }
    if (words.some((word) => CONTROL.test(word)))
      faults.push(fault(`${at}.${field}`, "hold no control characters", "one", "remove it"));
    return faults;
  });
}

/** A number of one's own: what a backup holds belongs to numbers, and the new server must mean the same by them. */
function userFaults(at: string, { user = WWW_DATA.user, uid }: UnitSpec): Fault[] {
  const faults: Fault[] = [];
  if (!/^[a-z_][a-z0-9_-]{0,30}$/.test(user) || user === "root") {
    faults.push(fault(`${at}.user`, "be an account other than root", user, "leave it out for www-data"));
  }
  return [...faults, ...uidFaults(`${at}.uid`, user === WWW_DATA.user, uid)];
}

function uidFaults(at: string, isShared: boolean, uid: number | undefined): Fault[] {
  if (isShared) {
    const isRight = uid === undefined || uid === WWW_DATA.uid;
    return isRight ? [] : [fault(at, `be ${WWW_DATA.uid} for www-data`, uid, "leave it out")];
  }
  if (uid !== undefined && Number.isInteger(uid) && uid >= 200 && uid <= 59_999) return [];
  return [fault(at, "be a whole number from 200 to 59999 for a user of its own", uid, "set it to 800")];
}

function environmentFaults(spec: SystemSpec, at: string, unit: UnitSpec): Fault[] {
  const faults: Fault[] = [];
  const { environment = {}, secrets = [], hostsVariable } = unit;
  for (const name of [...Object.keys(environment), ...(hostsVariable === undefined ? [] : [hostsVariable])]) {
    if (VARIABLE.test(name)) continue;
    faults.push(
      fault(`${at}.environment`, "be named in letters, digits and _", name, "rename it like APP_HOST"),
    );
  }
  for (const [name, value] of Object.entries(environment)) {
    if (value.includes("\0"))
      faults.push(fault(`${at}.environment.${name}`, "hold no NUL", "one", "remove it"));
  }
  return [
    ...faults,
    ...secrets.flatMap((name) => secretFaults(spec, at, name, environment)),
    ...renameFaults(at, unit),
  ];
}

/** No two things of an environment have one name. */
function renameFaults(at: string, unit: UnitSpec): Fault[] {
  const { environment = {}, secrets = [], secretsAs = {}, hostsVariable } = unit;
  return Object.entries(secretsAs).flatMap(([secret, name]) => {
    const where = `${at}.secretsAs.${secret}`;
    if (!secrets.includes(secret))
      return [fault(where, "be one of the unit's secrets", "another", `add ${secret} to its secrets`)];
    if (!VARIABLE.test(name))
      return [fault(where, "be named in letters, digits and _", name, "write it like SECRET_KEY_BASE")];
    const others = secrets.filter((each) => each !== secret).map((each) => secretsAs[each] ?? each);
    if (!others.includes(name) && !(name in environment) && name !== hostsVariable) return [];
    return [fault(where, "differ from the other names of the environment", name, "rename one of the two")];
  });
}

function secretFaults(
  spec: SystemSpec,
  at: string,
  name: string,
  environment: Readonly<Record<string, string>>,
): Fault[] {
  const faults: Fault[] = [];
  if (!(name in (spec.secrets ?? {}))) {
    faults.push(fault(`${at}.secrets`, "name secrets of this system", name, `add ${name} to secrets`));
  }
  if (name in environment)
    faults.push(fault(`${at}.environment.${name}`, "not be a secret as well", name, "remove it there"));
  return faults;
}

function networkFaults(at: string, { port, healthPath = "/up" }: UnitSpec): Fault[] {
  const faults: Fault[] = [];
  if (!Number.isInteger(port) || port < 1024 || port > 65_535) {
    faults.push(fault(`${at}.port`, "be a whole number from 1024 to 65535", port, "set it to 8000"));
  }
  if (!PATH.test(healthPath))
    faults.push(fault(`${at}.healthPath`, "be a path of / and plain characters", healthPath, 'write "/up"'));
  return faults;
}

function limitFaults(at: string, unit: UnitSpec): Fault[] {
  const { startSeconds = 60, stopGracePeriodSeconds = 30, memoryMb = 64, restart = "always" } = unit;
  const numbers = {
    startSeconds: [startSeconds, 1, 600],
    stopGracePeriodSeconds: [stopGracePeriodSeconds, 1, 600],
  };
  const limits = Object.entries({ ...numbers, memoryMb: [memoryMb, 16, 1_000_000] });
  const faults = limits.flatMap(([field, [value = 0, least = 0, most = 0]]) =>
    Number.isInteger(value) && value >= least && value <= most
      ? []
      : [
          fault(
            `${at}.${field}`,
            `be a whole number from ${least} to ${most}`,
            value,
            `set it to ${Math.max(least, 30)}`,
          ),
        ],
  );
  if (!RESTARTS.includes(restart))
    faults.push(fault(`${at}.restart`, `be one of ${RESTARTS.join(", ")}`, restart, "leave it out"));
  return faults;
}

/** The rules of directories hold for these, too: they become some. */
function writableFaults(
  at: string,
  name: string,
  { writable = {}, folder = `/opt/${name}` }: UnitSpec,
): Fault[] {
  return Object.entries(writable).flatMap(([directory, spec]) => {
    const where = `${at}.writable[${JSON.stringify(directory)}]`;
    if (!DIRECTORY.test(directory)) {
      return [fault(where, "be one directory at the top of the code", directory, 'write "storage"')];
    }
    const path = sharedPath(folder, directory);
    return filesFaults({ name: "unit", services: {}, sites: [], files: { [path]: spec } }).map((found) => ({
      ...found,
      path: found.path.replace(`files[${JSON.stringify(path)}]`, where),
    }));
  });
}

function twice(
  units: readonly (readonly [string, UnitSpec])[],
  field: string,
  of: (unit: UnitSpec, name: string) => string,
): Fault[] {
  const seen = new Map<string, string>();
  return units.flatMap(([name, unit]) => {
    const value = of(unit, name);
    const other = seen.get(value);
    seen.set(value, name);
    if (other === undefined) return [];
    return [
      fault(`units.${name}.${field}`, `differ from that of units.${other}`, value, "change one of the two"),
    ];
  });
}
