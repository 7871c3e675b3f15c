import type { Path } from "./ledger";

const ONE_SERVER = "Homeport runs one container of each service, on one server";
const RIGHTS = "Homeport decides on a container's rights: with user set, it drops all capabilities";
const RESOLVED = "docker compose config resolves it: import what that prints";
const LABELS = "nothing reads labels here: routes are sites";
const NETWORK = "all services of a system share one network, each by its own name";

/** Why a key of a service is left out. */
const SERVICE: Readonly<Record<string, string>> = {
  annotations: LABELS,
  blkio_config: "no limit of disk speed",
  build: "homeport deploy builds an image from a folder and its Dockerfile, nothing more",
  cap_add: RIGHTS,
  cap_drop: RIGHTS,
  configs: "build the file into the image, or declare its directory in files",
  cpus: "processors are not shared out",
  cpu_shares: "processors are not shared out",
  depends_on: "services start in the order of the system, each healthy before the next",
  deploy: ONE_SERVER,
  devices: "a virtual server has no devices to give",
  develop: "is for a developer's machine",
  dns: "containers ask Docker's own DNS",
  expose: "all ports are open between services",
  extends: RESOLVED,
  extra_hosts: "containers know services by name, and what DNS says",
  healthcheck: "health checks have no such part",
  hostname: "a container is known by its service's name",
  init: "give the image an init of its own where it needs one",
  labels: LABELS,
  links: NETWORK,
  logging: "logs are rotated by Docker on the server, the same for all",
  mac_address: NETWORK,
  network_mode: NETWORK,
  networks: NETWORK,
  platform: "a server has one architecture: homeport:serverType",
  privileged: RIGHTS,
  profiles: "a service of the system always runs",
  pull_policy: "images are pinned, so nothing is pulled twice",
  read_only: "a container's own files can be written until it is replaced",
  reservations: "nothing is set aside for a service: limits hold, where they are given",
  restart: "Homeport restarts every container that ends, unless it was stopped",
  scale: ONE_SERVER,
  security_opt: RIGHTS,
  shm_size: "Docker's default of 64 MB stays",
  stdin_open: "a service has no terminal: homeport console opens one",
  stop_signal: "the image's own stays",
  sysctls: "the kernel's settings are the host's",
  tmpfs: "no file system in memory",
  tty: "a service has no terminal: homeport console opens one",
  ulimits: "Docker's own limits stay",
  volumes_from: "name the volume in both services",
  working_dir: "the image's own stays: set WORKDIR in its Dockerfile",
};

const TOP: Readonly<Record<string, string>> = {
  configs: "build the file into the image, or declare its directory in files",
  include: RESOLVED,
  networks: NETWORK,
  secrets: "no service takes it as NAME_FILE",
  volumes: "volumes are Docker's own, on the server's disk, named after the system",
};

/** Why something that nothing asked for is left out. */
export function reasonOf(path: Path): string {
  const table = path[0] === "services" ? SERVICE : TOP;
  const own = path[0] === "services" ? path[2] : path[0];
  const key = own === "deploy" ? [...path].reverse().find((part) => Object.hasOwn(table, part)) : own;
  const reason = typeof key === "string" && Object.hasOwn(table, key) ? table[key] : undefined;
  return reason ?? "Homeport has no counterpart for it";
}
