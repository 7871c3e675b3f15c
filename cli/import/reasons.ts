import type { Path } from "./ledger";

const ONE_SERVER = "Homeport runs one container of each service, on one server";
const RIGHTS = "Homeport decides on a container's rights: with user set, it drops all capabilities";
const RESOLVED = "is not followed: import what docker compose config --no-interpolate prints";
const LABELS = "nothing reads labels here: write routes and redirects into sites";
const NETWORK = "all services of a system share one network, each by its own name: write that name";
const SPACES = "a container has spaces of its own: nothing of the host's or of another container's";
const CPU = "processors are not shared out: take a server with enough of them";
const IMAGE = "the image's own stays: set it in its Dockerfile";
const CONFIG = "build the file into the image, or say in environment what it says";
const HOOK = "nothing runs beside the container's own program: do it in an entrypoint";
const OUT_OF_MEMORY = "set memory limits: they decide on who ends first";
const RESOLVER = "containers ask Docker's own DNS, and know services by name";
const HARDWARE = "a virtual server has no devices to give";

/** Why a key of a service is left out. */
const SERVICE: Readonly<Record<string, string>> = {
  annotations: LABELS,
  attach: "logs are asked for: homeport logs",
  blkio_config: "no limit of disk speed",
  build: "homeport deploy builds an image from a folder and its Dockerfile, nothing more",
  cap_add: RIGHTS,
  cap_drop: RIGHTS,
  cgroup: SPACES,
  cgroup_parent: SPACES,
  configs: CONFIG,
  cpu_count: CPU,
  cpu_percent: CPU,
  cpu_period: CPU,
  cpu_quota: CPU,
  cpu_rt_period: CPU,
  cpu_rt_runtime: CPU,
  cpu_shares: CPU,
  cpus: CPU,
  cpuset: CPU,
  credential_spec: "is for Windows",
  depends_on: "a container is not restarted with those that it depends on",
  deploy: ONE_SERVER,
  device_cgroup_rules: HARDWARE,
  devices: HARDWARE,
  develop: "is for a developer's machine",
  dns: RESOLVER,
  dns_opt: RESOLVER,
  dns_search: RESOLVER,
  driver_opts: NETWORK,
  domainname: "a container is known by its service's name",
  extends: RESOLVED,
  external_links: NETWORK,
  extra_hosts: "containers know services by name, and what DNS says: make a record, or write the address",
  gpus: HARDWARE,
  group_add: "a process has the one group of user: give the files that group",
  healthcheck: "health checks have no such part: startPeriodSeconds and intervalSeconds say it nearly",
  hostname: "a container is known by its service's name",
  init: "give the image an init of its own where it needs one",
  ipc: SPACES,
  isolation: "is for Windows",
  label_file: LABELS,
  labels: LABELS,
  links: NETWORK,
  logging: "logs are Docker's own files on the server, rotated, the same for all",
  mac_address: NETWORK,
  mem_reservation: "nothing is set aside for a service: limits hold, where they are given",
  mem_swappiness: "a container with a limit never swaps",
  memswap_limit: "a container with a limit never swaps: raise the limit where it has to",
  models: "runs no language models: name an address in environment",
  network_mode: NETWORK,
  networks: NETWORK,
  oom_kill_disable: OUT_OF_MEMORY,
  oom_score_adj: OUT_OF_MEMORY,
  pid: SPACES,
  pids_limit: "no limit of processes",
  platform: "a server has one architecture: homeport:serverType",
  post_start: HOOK,
  pre_stop: HOOK,
  privileged: RIGHTS,
  profiles: "a service of the system always runs",
  provider: "Compose's plugins are not asked: write the service down",
  read_only: "a container's own files can be written until it is replaced",
  reservations: "nothing is set aside for a service: limits hold, where they are given",
  restart: "Homeport restarts every container that ends, unless it was stopped",
  restart_policy: "Homeport restarts every container that ends, unless it was stopped",
  rollback_config: "homeport rollback goes back to the image before",
  runtime: "containers run with Docker's own runtime",
  scale: ONE_SERVER,
  secrets: "is a secret of its own, readable by the service's user",
  security_opt: RIGHTS,
  shm_size: "Docker's default of 64 MB stays",
  stdin_open: "a service has no terminal: homeport console opens one",
  stop_signal: IMAGE,
  storage_opt: "a container's own files have no limit but the disk",
  sysctls: "the kernel's settings are the host's",
  tmpfs: "no file system in memory: the container's own files go with it as well",
  tty: "a service has no terminal: homeport console opens one",
  ulimits: "Docker's own limits stay",
  update_config: "strategy says how a container gives way to the next",
  use_api_socket: "would give the container the whole server",
  userns_mode: SPACES,
  uts: SPACES,
  volumes: "a mount is a name or a directory, a path, and :ro: nothing more",
  volumes_from: "name the volume in both services",
  working_dir: IMAGE,
};

const TOP: Readonly<Record<string, string>> = {
  configs: CONFIG,
  include: RESOLVED,
  models: "runs no language models: name an address in environment",
  networks: NETWORK,
  secrets: "no service takes it, as NAME_FILE or by a name in capitals",
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
