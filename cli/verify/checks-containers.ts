import { parseImageRef } from "../../components/lib/image-ref";
import type { Service, System } from "../../components/lib/system";
import { PROXY } from "../../components/lib/system-rules-service";
import {
  broken,
  checkOf,
  hasDatabase,
  proven,
  together,
  type Check,
  type Expected,
  type Verdict,
} from "./check";
import type { HostFacts } from "./facts";

/** The parts of `docker inspect` that are looked at. */
export interface Container {
  readonly Name: string;
  readonly Image: string;
  readonly Config: {
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly Env?: readonly string[] | null;
  };
  readonly State: {
    readonly Status: string;
    readonly Health?: { readonly Status: string } | null;
    readonly ExitCode?: number;
    readonly StartedAt?: string;
    readonly FinishedAt?: string;
  };
  readonly HostConfig: {
    readonly PortBindings?: PortBindings | null;
    readonly RestartPolicy?: { readonly Name: string };
    readonly LogConfig?: { readonly Type: string; readonly Config?: Readonly<Record<string, string>> | null };
  };
  readonly Mounts?: readonly {
    readonly Type: string;
    readonly Name?: string;
    readonly Destination: string;
    readonly Source?: string;
    readonly RW?: boolean;
  }[];
}

type PortBindings = Readonly<
  Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>
>;

export interface Image {
  readonly Id: string;
  readonly RepoTags?: readonly string[] | null;
  readonly RepoDigests?: readonly string[] | null;
}

const REDO = "pulumi up --refresh";
const PUBLIC_PORTS = ["80", "443"];

/** What must hold of the containers. */
export const CONTAINER_CHECKS: readonly Check[] = [
  checkOf("S1-15", "the database runs as specified", "host", databaseVerdict, hasDatabase),
  checkOf("S1-16", "the application finds its database by name", "host", databaseHostVerdict, namesDatabase),
  checkOf("S1-21", "Docker, proxy and application are up", "host", runningVerdict),
  checkOf("H5", "containers publish 80 and 443 only", "host", (host) => publishedVerdict(containersOf(host))),
  checkOf("S1-12", "docker inspect shows no secret", "host", (host, expected) =>
    containersOf(host).length === 0
      ? broken("there is no container to look at", REDO)
      : secretsVerdict(host.containers.out + host.images.out, expected.secrets),
  ),
];

/** Each database's container: name, image, healthy, volume, published on loopback only. */
export function databaseVerdict(host: HostFacts, expected: Expected): Verdict {
  const holders = new Set(expected.system.databases.map((database) => database.service));
  const services = Object.values(expected.system.services).filter(({ name }) => holders.has(name));
  if (services.length === 0) return broken("the system has no database", REDO);
  const verdicts = services.map((service) => {
    const image = expected.config.images[service.name] ?? "";
    const container = find(containersOf(host), service.name);
    if (container === undefined) return broken(`no container of service ${service.name}`, REDO);
    const fault =
      healthFault(container) ??
      nameFault(container, service.containerName) ??
      imageFault(container, imagesOf(host), image) ??
      volumeFault(container, service.volumes) ??
      loopbackFault(container);
    if (fault !== undefined) return broken(`${service.name}: ${fault}`, REDO);
    return proven([`${bare(container)} healthy`, image, ...service.ports].join(", "));
  });
  return together(verdicts);
}

function namesDatabase({ services }: System): boolean {
  return Object.values(services).some(({ environment }) => "DB_HOST" in environment);
}

/** The application's DB_HOST is the database container's name. */
export function databaseHostVerdict(host: HostFacts, expected: Expected): Verdict {
  const database = Object.values(expected.system.services).find(
    ({ containerName }) => containerName !== undefined,
  );
  const wanted = `DB_HOST=${database?.containerName ?? ""}`;
  const users = containersOf(host).filter((each) =>
    (each.Config.Env ?? []).some((line) => line.startsWith("DB_HOST=")),
  );
  if (users.length === 0) return broken("no container has DB_HOST", REDO);
  const wrong = users.filter((each) => !(each.Config.Env ?? []).includes(wanted));
  return wrong.length === 0 ? proven(wanted) : broken(`${wrong.map(bare).join(", ")}: another DB_HOST`, REDO);
}

/**
 * The engine answers; the proxy and every service run their configured image, healthy, exactly once, with their volumes,
 * and start again by themselves.
 */
export function runningVerdict(host: HostFacts, expected: Expected): Verdict {
  if (host.docker.code !== 0)
    return broken("the Docker engine does not answer", "homeport ssh -- sudo systemctl status docker");
  const names = [PROXY, ...Object.keys(expected.system.services)];
  const verdict = together(names.map((name) => serviceVerdict(name, host, expected)));
  return verdict.ok ? proven(`Docker ${host.docker.out.trim()}; ${names.join(", ")} running`) : verdict;
}

function serviceVerdict(name: string, host: HostFacts, { config, system }: Expected): Verdict {
  const found = containersOf(host).filter((each) => serviceOf(each) === name);
  const [container] = found;
  if (container === undefined) return broken(`no container of service ${name}`, REDO);
  if (found.length > 1)
    return broken(`${found.length} containers of service ${name}: ${found.map(bare).join(", ")}`, REDO);
  const fault =
    healthFault(container) ??
    imageFault(container, imagesOf(host), config.images[name] ?? "") ??
    keptFault(container, system.services[name]);
  const look = `${REDO}; look: homeport ssh -- sudo docker logs ${bare(container)}`;
  return fault === undefined ? proven(name) : broken(`${name}: ${fault}`, look);
}

/** Nothing but 80 and 443 is published on an address that others can reach. */
export function publishedVerdict(containers: readonly Container[]): Verdict {
  if (containers.length === 0) return broken("there is no container to look at", REDO);
  const open = containers.flatMap((container) =>
    bindings(container)
      .filter(({ HostIp }) => !isLoopback(HostIp))
      .map(({ HostPort }) => ({ port: HostPort, name: bare(container) })),
  );
  const strange = open.filter(({ port }) => !PUBLIC_PORTS.includes(port));
  if (strange.length === 0)
    return proven(`published: ${open.map(({ port }) => port).join(", ") || "nothing"}`);
  return broken(
    strange.map(({ port, name }) => `${name} publishes ${port}`).join(", "),
    "homeport ssh -- sudo docker rm -f NAME, when it is not yours",
  );
}

/** None of the values is in the text; neither is ever shown. */
export function secretsVerdict(inspected: string, secrets: readonly string[]): Verdict {
  if (secrets.length === 0) return broken("there is nothing to compare with", "homeport init");
  const forms = secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]);
  const shown = forms.filter((form) => inspected.includes(form)).length;
  if (shown === 0) return proven(`none of ${secrets.length} secret values`);
  return broken(
    "a secret value is visible in docker inspect",
    "use secrets: [...] in the system, not environment; then rotate it",
  );
}

export function containersOf(host: Pick<HostFacts, "containers">): readonly Container[] {
  return host.containers.out.trim() === "" ? [] : (JSON.parse(host.containers.out) as Container[]);
}

function imagesOf(host: HostFacts): readonly Image[] {
  return host.images.out.trim() === "" ? [] : (JSON.parse(host.images.out) as Image[]);
}

function serviceOf(container: Container): string | undefined {
  return container.Config.Labels?.["homeport.service"];
}

function find(containers: readonly Container[], service: string): Container | undefined {
  return containers.find((each) => serviceOf(each) === service && each.State.Status === "running");
}

function healthFault({ State }: Container): string | undefined {
  if (State.Status !== "running") return `it is ${State.Status}`;
  const health = State.Health?.Status ?? "healthy";
  return health === "healthy" ? undefined : `it is ${health}`;
}

function nameFault(container: Container, wanted: string | undefined): string | undefined {
  return wanted === undefined || bare(container) === wanted
    ? undefined
    : `it is called ${bare(container)}, not ${wanted}`;
}

/** The image that a container runs carries the configured tag or digest. */
export function imageFault(
  container: Container,
  images: readonly Image[],
  wanted: string,
): string | undefined {
  const image = images.find(({ Id }) => Id === container.Image);
  const names = [...(image?.RepoTags ?? []), ...(image?.RepoDigests ?? [])];
  return names.some((name) => isSameImage(name, wanted))
    ? undefined
    : `it runs ${names[0] ?? container.Image}, not ${wanted}`;
}

function isSameImage(name: string, wanted: string): boolean {
  const [have, want] = [parseImageRef(name), parseImageRef(wanted)];
  if (have === undefined || want === undefined) return false;
  const isSamePlace = have.registry === want.registry && have.repository === want.repository;
  return isSamePlace && (want.digest === undefined ? have.tag === want.tag : have.digest === want.digest);
}

function volumeFault(container: Container, volumes: Readonly<Record<string, string>>): string | undefined {
  const missing = Object.entries(volumes).find(
    ([name, path]) =>
      !(container.Mounts ?? []).some((mount) => mount.Name === name && mount.Destination === path),
  );
  return missing && `volume ${missing[0]} is not at ${missing[1]}`;
}

/** What is otherwise lost with the next crash, boot or new version: name, data, and that it starts again. */
function keptFault(container: Container, service: Service | undefined): string | undefined {
  const fault =
    nameFault(container, service?.containerName) ?? volumeFault(container, service?.volumes ?? {});
  if (fault !== undefined) return fault;
  const policy = container.HostConfig.RestartPolicy?.Name ?? "";
  const isKept = ["unless-stopped", "always"].includes(policy);
  return isKept ? undefined : `it does not start again by itself: restart policy ${policy || "no"}`;
}

function loopbackFault(container: Container): string | undefined {
  const open = bindings(container).find(({ HostIp }) => !isLoopback(HostIp));
  return (
    open && `port ${open.HostPort} is published on ${open.HostIp === "" ? "every address" : open.HostIp}`
  );
}

function bindings(container: Container): { readonly HostIp: string; readonly HostPort: string }[] {
  return Object.values(container.HostConfig.PortBindings ?? {}).flatMap((list) => list ?? []);
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

function bare(container: Container): string {
  return container.Name.replace(/^\//, "");
}
