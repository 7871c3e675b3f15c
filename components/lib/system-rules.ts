import { specFault as fault, type Fault } from "./faults";
import { accessLogFaults } from "./system-rules-access-log";
import { checkFaults } from "./system-rules-checks";
import { dependencyFaults } from "./system-rules-dependencies";
import { edgeFaults } from "./system-rules-edge";
import { environmentFileFaults } from "./system-rules-environment-file";
import { filesFaults } from "./system-rules-files";
import { mailFaults } from "./system-rules-mail";
import { secretFaults } from "./system-rules-secrets";
import { serviceFaults } from "./system-rules-service";
import { siteFaults } from "./system-rules-sites";
import { unitsFaults } from "./system-rules-units";
import { variablesFaults } from "./system-rules-variables";
import type { SystemSpec } from "./system";

const SYSTEM_NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const SQL_NAME = /^[a-z_][a-z0-9_]{0,62}$/;
const LONGEST_SYSTEM_NAME = 40;
/** Names, with the next best for another distribution behind a bar. */
const PACKAGE = /^[a-z0-9][a-z0-9+.-]+(\|[a-z0-9][a-z0-9+.-]+)*$/;

/** Every broken rule of a system's spec. */
export function systemFaults(spec: SystemSpec): Fault[] {
  return [
    ...nameFaults(spec),
    ...Object.entries(spec.services).flatMap(([name, service]) => serviceFaults(spec, name, service)),
    ...containerNameFaults(spec),
    ...dependencyFaults(spec),
    ...environmentFileFaults(spec),
    ...siteFaults(spec),
    ...accessLogFaults(spec),
    ...secretFaults(spec),
    ...databaseFaults(spec),
    ...filesFaults(spec),
    ...packageFaults(spec),
    ...checkFaults(spec),
    ...edgeFaults(spec),
    ...unitsFaults(spec),
    ...mailFaults(spec),
    ...variablesFaults(spec),
  ];
}

function nameFaults(spec: SystemSpec): Fault[] {
  const faults: Fault[] = [];
  if (!SYSTEM_NAME.test(spec.name) || spec.name.length > LONGEST_SYSTEM_NAME) {
    const rule = `be lowercase words joined by "-", at most ${LONGEST_SYSTEM_NAME} characters`;
    faults.push(fault("name", rule, spec.name, "name it like web-shop"));
  }
  if (Object.keys({ ...spec.services, ...spec.units }).length === 0) {
    faults.push(fault("services", "hold at least one service", "", "add a service"));
  }
  return faults;
}

function containerNameFaults(spec: SystemSpec): Fault[] {
  const seen = new Map<string, string>();
  return Object.entries(spec.services).flatMap(([name, { containerName }]) => {
    if (containerName === undefined) return [];
    const other = seen.get(containerName);
    seen.set(containerName, name);
    if (other === undefined) return [];
    const rule = `differ from that of services.${other}`;
    return [fault(`services.${name}.containerName`, rule, containerName, "give each container its own name")];
  });
}

function packageFaults({ packages = [] }: SystemSpec): Fault[] {
  const rule = "be names of Debian packages, alternatives joined by |";
  return packages
    .filter((name) => !PACKAGE.test(name))
    .map((name) => fault("packages", rule, name, "write it like git or docker-compose-v2|docker-compose"));
}

function databaseFaults(spec: SystemSpec): Fault[] {
  const names = (spec.databases ?? []).map(({ name }) => name);
  return (spec.databases ?? []).flatMap((database, index) => {
    const path = `databases[${index}]`;
    const faults: Fault[] = [];
    if (!(database.service in spec.services)) {
      const known = Object.keys(spec.services).join(", ");
      faults.push(
        fault(`${path}.service`, "name a service of this system", database.service, `use one of: ${known}`),
      );
    } else if (spec.services[database.service]?.containerName === undefined) {
      const rule = "name a service with a containerName, by which its backup finds it";
      faults.push(fault(`${path}.service`, rule, database.service, "add a containerName to that service"));
    }
    if (names.indexOf(database.name) !== index) {
      const rule = "differ from the other databases': copies are known by it";
      faults.push(fault(`${path}.name`, rule, database.name, "rename one of the two"));
    }
    for (const field of ["name", "user"] as const) {
      if (SQL_NAME.test(database[field])) continue;
      const rule = "be a plain SQL name: a-z, digits and _, at most 63";
      faults.push(fault(`${path}.${field}`, rule, database[field], "rename it like shop_production"));
    }
    return faults;
  });
}
