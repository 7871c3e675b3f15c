import { specFault as fault, type Fault } from "./faults";
import { imageSizeFaults } from "./image-size";
import type { Healthcheck, ServiceSpec, Strategy, SystemSpec } from "./system";
import { toMounts } from "./system-mounts";
import { mountFaults } from "./system-rules-mounts";

const SERVICE_NAME = /^[a-z][a-z0-9-]{0,29}$/;
const CONTAINER_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,62}$/;
const ENVIRONMENT_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const LOOPBACK_PORT = /^127\.0\.0\.1:(\d{1,5}):(\d{1,5})$/;
const USER = /^\d{1,5}:\d{1,5}$/;
const MOUNT = /^(\/[A-Za-z0-9._-]+)+$/;
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f]/;

/** Name of the proxy's container and image key: no service of a system may take it. */
export const PROXY = "proxy";

/** How a service without a stated strategy gives way: what it writes to must not have two writers unasked. */
export function strategyOf(spec: ServiceSpec): Strategy {
  const writes =
    Object.keys(spec.volumes ?? {}).length > 0 || toMounts(spec).some((mount) => !mount.readOnly);
  return spec.strategy ?? (writes ? "stop-first" : "start-first");
}

/** Every broken rule of one service. */
export function serviceFaults(system: SystemSpec, name: string, service: ServiceSpec): Fault[] {
  const path = `services.${name}`;
  return [
    ...nameFaults(path, name, service),
    ...strategyFaults(path, service),
    ...environmentFaults(path, service),
    ...secretFaults(system, path, service),
    ...volumeFaults(path, service),
    ...mountFaults(system, path, service),
    ...portFaults(path, service),
    ...exposeFaults(path, service),
    ...argvFaults(path, service),
    ...limitFaults(path, service),
    ...imageSizeFaults(path, service),
    ...healthFaults(path, service.healthcheck),
  ];
}

function nameFaults(path: string, name: string, service: ServiceSpec): Fault[] {
  const faults: Fault[] = [];
  if (!SERVICE_NAME.test(name)) {
    faults.push(fault(path, "be named in a-z, digits and -, at most 30", name, "rename it like web"));
  }
  if (name === PROXY)
    faults.push(fault(path, "leave the name of the proxy alone", name, "rename it like web"));
  if (service.containerName !== undefined && !CONTAINER_NAME.test(service.containerName)) {
    const rule = "be a container name: letters, digits, _ . -";
    faults.push(fault(`${path}.containerName`, rule, service.containerName, "rename it like shop-db"));
  }
  return faults;
}

function strategyFaults(path: string, service: ServiceSpec): Fault[] {
  if (strategyOf(service) === "stop-first") return [];
  const faults: Fault[] = [];
  if (Object.keys(service.volumes ?? {}).length > 0) {
    const rule = "be stop-first with a volume: two containers must not write to it at once";
    faults.push(fault(`${path}.strategy`, rule, "start-first", "leave strategy out"));
  }
  if (service.containerName !== undefined) {
    const rule = "be left out of a start-first service: old and new run side by side";
    faults.push(
      fault(`${path}.containerName`, rule, service.containerName, 'remove it, or set strategy: "stop-first"'),
    );
  }
  if ((service.ports ?? []).length > 0) {
    const rule = "be empty for a start-first service: old and new cannot publish the same port";
    faults.push(fault(`${path}.ports`, rule, service.ports, "route to it through a site"));
  }
  if (service.healthcheck === undefined) {
    const rule = "be given for a start-first service: the new one must be healthy before the old one goes";
    faults.push(fault(`${path}.healthcheck`, rule, "", "add a healthcheck"));
  }
  return faults;
}

function environmentFaults(path: string, service: ServiceSpec): Fault[] {
  const variables = Object.entries(service.environment ?? {});
  const names = [
    ...variables.map(([name]) => name),
    ...(service.hostsVariable === undefined ? [] : [service.hostsVariable]),
  ];
  return [
    ...names.flatMap((name) => environmentNameFaults(`${path}.environment.${name}`, name, service)),
    ...variables
      .filter(([, value]) => value.includes("\0"))
      .map(([name]) => fault(`${path}.environment.${name}`, "hold no NUL", "one", "remove the NUL")),
    ...(service.hostsVariable !== undefined && variables.some(([name]) => name === service.hostsVariable)
      ? [
          fault(
            `${path}.hostsVariable`,
            "not be in environment too",
            service.hostsVariable,
            "remove one of the two",
          ),
        ]
      : []),
  ];
}

function environmentNameFaults(path: string, name: string, service: ServiceSpec): Fault[] {
  if (!ENVIRONMENT_NAME.test(name)) {
    return [fault(path, "be named in letters, digits and _", name, "rename the variable")];
  }
  if (name.startsWith("HOMEPORT_")) {
    return [fault(path, "not start with HOMEPORT_, which is ours", name, "rename the variable")];
  }
  const secret = (service.secrets ?? []).find((each) => name === each || name === `${each}_FILE`);
  if (secret === undefined) return [];
  return [fault(path, `leave secret ${secret} to secrets`, name, "remove it from environment")];
}

function secretFaults(system: SystemSpec, path: string, service: ServiceSpec): Fault[] {
  const names = service.secrets ?? [];
  const faults = names
    .filter((name) => !(name in (system.secrets ?? {})))
    .map((name) => fault(`${path}.secrets`, "name declared secrets", name, `add secrets.${name}`));
  for (const name of new Set(names.filter((name, at) => names.indexOf(name) !== at))) {
    faults.push(fault(`${path}.secrets`, "name each secret once", name, "remove one of the two"));
  }
  const wrapped = names.length > 0 && service.secretFiles !== true;
  if (wrapped && (service.entrypoint === undefined || service.command === undefined)) {
    const rule =
      "give entrypoint and command: our own entrypoint, which exports the secrets, hides the image's";
    faults.push(fault(path, rule, "secrets without both", "add both, or set secretFiles: true"));
  }
  if (names.length > 0 && service.user === undefined) {
    faults.push(
      fault(`${path}.user`, "be given with secrets: it owns their files", "", 'add user: "1000:1000"'),
    );
  }
  return faults;
}

function volumeFaults(path: string, service: ServiceSpec): Fault[] {
  const faults: Fault[] = [];
  for (const [volume, mount] of Object.entries(service.volumes ?? {})) {
    if (!CONTAINER_NAME.test(volume)) {
      faults.push(
        fault(`${path}.volumes`, "name volumes in letters, digits, _ . -", volume, "rename the volume"),
      );
    }
    if (!MOUNT.test(mount) || mount.includes("/..")) {
      faults.push(
        fault(`${path}.volumes.${volume}`, "be an absolute plain path", mount, "write it like /data"),
      );
    }
  }
  return faults;
}

function portFaults(path: string, service: ServiceSpec): Fault[] {
  const faults: Fault[] = [];
  for (const port of service.ports ?? []) {
    const ports = LOOPBACK_PORT.exec(port)?.slice(1).map(Number);
    if (ports?.every((each) => each >= 1 && each <= 65535)) continue;
    const rule = "be bound to 127.0.0.1: Docker publishes past the host's firewall (H5)";
    faults.push(fault(`${path}.ports`, rule, port, 'write "127.0.0.1:5432:5432"'));
  }
  return faults;
}

function exposeFaults(path: string, { expose = [] }: ServiceSpec): Fault[] {
  return expose
    .filter((port) => !(Number.isInteger(port) && port >= 1 && port <= 65535))
    .map((port) => fault(`${path}.expose`, "be ports from 1 to 65535", port, "write [6379]"));
}

function argvFaults(path: string, service: ServiceSpec): Fault[] {
  const lists = {
    entrypoint: service.entrypoint,
    command: service.command,
    console: service.console,
    healthcheck: service.healthcheck?.test,
  };
  return Object.entries(lists).flatMap(([field, argv]) => {
    if (argv === undefined) return [];
    if (argv.length === 0 || argv[0] === "") {
      return [fault(`${path}.${field}`, "start with a program", "nothing", "name the program")];
    }
    if (field === "command" && argv.includes("")) {
      return [
        fault(`${path}.command`, "hold no empty word, which the plugin refuses", "one", "leave it out"),
      ];
    }
    const bad = argv.find((argument) => CONTROL.test(argument));
    return bad === undefined
      ? []
      : [fault(`${path}.${field}`, "hold no control characters", bad, "remove them")];
  });
}

function limitFaults(path: string, service: ServiceSpec): Fault[] {
  const faults: Fault[] = [];
  const grace = service.stopGracePeriodSeconds;
  if (!Number.isInteger(grace) || grace < 1 || grace > 600) {
    faults.push(
      fault(`${path}.stopGracePeriodSeconds`, "be whole seconds from 1 to 600", grace, "set it to 30"),
    );
  }
  const memory = service.memoryMb;
  if (memory !== undefined && (!Number.isInteger(memory) || memory < 6)) {
    faults.push(
      fault(`${path}.memoryMb`, "be whole megabytes, at least 6 (Docker's minimum)", memory, "set it to 512"),
    );
  }
  if (service.user !== undefined && !USER.test(service.user)) {
    faults.push(fault(`${path}.user`, 'be numeric "uid:gid"', service.user, 'write "1000:1000"'));
  }
  return faults;
}

function healthFaults(path: string, check: Healthcheck | undefined): Fault[] {
  if (check === undefined) return [];
  const faults: Fault[] = [];
  if (check.test[0] !== "CMD" && check.test[0] !== "CMD-SHELL") {
    faults.push(
      fault(`${path}.healthcheck.test`, "start with CMD or CMD-SHELL", check.test[0], 'write ["CMD", …]'),
    );
  }
  const numbers = ["intervalSeconds", "timeoutSeconds", "retries", "startPeriodSeconds"] as const;
  for (const field of numbers) {
    const least = field === "startPeriodSeconds" ? 0 : 1;
    if (Number.isInteger(check[field]) && check[field] >= least) continue;
    faults.push(
      fault(`${path}.healthcheck.${field}`, `be a whole number from ${least}`, check[field], "correct it"),
    );
  }
  return faults;
}
