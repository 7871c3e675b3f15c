import type { Healthcheck, Service } from "./system";

/** A value that the program knows now or only later; Pulumi's `Input<T>` is one. */
type Later<T> = T | PromiseLike<T> | { apply(f: (value: T) => unknown): unknown };

export interface ContainerPlan<S> {
  readonly system: string;
  readonly service: Service;
  readonly environment: Readonly<Record<string, string>>;
  readonly imageId: S;
  readonly networkName: S;
  /** Changes with the service's secrets, so that the container is replaced. */
  readonly secretsVersion: S | undefined;
}

/** Seconds that a container may take beyond the last check that could still find it healthy. */
const GRACE_SECONDS = 10;

/** What the docker plugin's Container is told for a service: nothing of it is a secret. */
export function containerArgs<S extends Later<string>>(plan: ContainerPlan<S>) {
  const { service } = plan;
  return {
    ...(service.containerName === undefined ? {} : { name: service.containerName }),
    image: plan.imageId,
    envs: environmentLines(service, plan.environment),
    ...commandOf(service),
    ...(service.user === undefined ? {} : { user: service.user, capabilities: { drops: ["ALL"] } }),
    ...(service.healthcheck === undefined ? {} : healthcheckOf(service.healthcheck)),
    ...(service.memoryMb === undefined ? {} : { memory: service.memoryMb, memorySwap: service.memoryMb }),
    volumes: mountsOf(service),
    ports: service.ports.map(portOf),
    networksAdvanced: [{ name: plan.networkName, aliases: [service.name] }],
    labels: [
      { label: "homeport.service", value: service.name },
      { label: "homeport.system", value: plan.system },
      ...(plan.secretsVersion === undefined
        ? []
        : [{ label: "homeport.secrets", value: plan.secretsVersion }]),
    ],
    restart: "unless-stopped",
    mustRun: true,
    // Without it the plugin kills at once.
    destroyGraceSeconds: service.stopGracePeriodSeconds,
  };
}

/** `NAME=value`, sorted, with `NAME_FILE` for the secrets that the image reads itself. */
export function environmentLines(service: Service, environment: Readonly<Record<string, string>>): string[] {
  const files = service.secretFiles ? service.secrets.map((name) => `${name}_FILE=/run/secrets/${name}`) : [];
  const plain = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return [...plain, ...files].sort();
}

function commandOf(service: Service): { entrypoints?: string[]; command?: string[] } {
  const wrap = service.secrets.length > 0 && !service.secretFiles;
  const entrypoints = [...(wrap ? ["/run/homeport/with-secrets"] : []), ...(service.entrypoint ?? [])];
  return {
    ...(entrypoints.length > 0 ? { entrypoints } : {}),
    ...(service.command === undefined ? {} : { command: [...service.command] }),
  };
}

function healthcheckOf(check: Healthcheck) {
  const longest = check.startPeriodSeconds + check.intervalSeconds * (check.retries + 1);
  return {
    healthcheck: {
      tests: [...check.test],
      interval: goDuration(check.intervalSeconds),
      timeout: goDuration(check.timeoutSeconds),
      retries: check.retries,
      startPeriod: goDuration(check.startPeriodSeconds),
      startInterval: goDuration(0),
    },
    wait: true,
    waitTimeout: longest + GRACE_SECONDS,
  };
}

/** As Go writes a duration, and so the plugin when it reads one back: another spelling would be drift. */
export function goDuration(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = `${seconds % 60}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}

interface Mount {
  hostPath?: string;
  volumeName?: string;
  containerPath: string;
  readOnly: boolean;
}

function mountsOf(service: Service): Mount[] {
  const mounts: Mount[] = Object.entries(service.volumes).map(([volumeName, containerPath]) => ({
    volumeName,
    containerPath,
    readOnly: false,
  }));
  mounts.push(...service.hostMounts.map((mount) => ({ ...mount })));
  if (service.secrets.length > 0) {
    mounts.push(hostMount(`/etc/homeport/secrets/${service.name}`, "/run/secrets"));
    if (!service.secretFiles) mounts.push(hostMount("/etc/homeport/bin", "/run/homeport"));
  }
  return mounts;
}

function hostMount(hostPath: string, containerPath: string): Mount {
  return { hostPath, containerPath, readOnly: true };
}

/** `127.0.0.1:5432:5432`; the spec's rules let no other form through. */
function portOf(port: string) {
  const [ip, external, internal] = port.split(":") as [string, string, string];
  return { ip, external: Number(external), internal: Number(internal), protocol: "tcp" };
}
