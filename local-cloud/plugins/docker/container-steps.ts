import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { text } from "node:stream/consumers";
import { PassThrough } from "node:stream";
import { some } from "./create-body";
import { reason } from "./daemon";
import type { ContainerInputs } from "./inputs";

/** Between two looks at a container's health, ms. */
const HEALTH_INTERVAL = 300;

/** Takes a created container off the default network and puts it on the ones the program names. */
export async function joinNetworks(docker: Docker, id: string, inputs: ContainerInputs): Promise<void> {
  const networks = inputs.networksAdvanced ?? [];
  if (networks.length === 0) return;
  await docker
    .getNetwork("bridge")
    .disconnect({ Container: id, Force: false })
    .catch((error: unknown) => {
      if (/is not connected to (the )?network bridge/i.test(reason(error))) return;
      throw new Error(`Unable to disconnect the default network: ${reason(error)}`);
    });
  for (const network of networks) {
    await docker
      .getNetwork(network.name)
      .connect({ Container: id, EndpointConfig: endpoint(network) })
      .catch((error: unknown) => {
        throw new Error(`Unable to connect to network '${network.name}': ${reason(error)}`);
      });
  }
}

function endpoint(network: NonNullable<ContainerInputs["networksAdvanced"]>[number]): object {
  const options = (network.driverOpts ?? []).flatMap((option) => {
    const at = option.indexOf("=");
    return at < 0 ? [] : [[option.slice(0, at), option.slice(at + 1)]];
  });
  return {
    ...some("Aliases", network.aliases),
    IPAMConfig: {
      ...some("IPv4Address", network.ipv4Address),
      ...some("IPv6Address", network.ipv6Address),
      ...some("LinkLocalIPs", network.linkLocalIps),
    },
    ...some("MacAddress", network.macAddress),
    ...some("DriverOpts", Object.fromEntries(options) as Record<string, string>),
    ...some("GwPriority", network.gwPriority),
  };
}

/** Starts a container and, with `wait`, stays until its healthcheck says healthy. */
export async function start(
  container: Docker.Container,
  inputs: ContainerInputs,
  signal: AbortSignal,
): Promise<void> {
  if (inputs.start === false) return;
  await startOnce(container);
  if (inputs.wait) await waitUntilHealthy(container, inputs.waitTimeout ?? 60, signal);
}

/** Starts a container; one that runs already is fine. */
export async function startOnce(container: Docker.Container): Promise<void> {
  await container.start().catch((error: unknown) => {
    if ((error as { statusCode?: number }).statusCode === 304) return;
    throw new Error(`Unable to start container: ${reason(error)}`);
  });
}

/** As published, an unhealthy or stopped container is waited for as well: the time is what ends it. */
async function waitUntilHealthy(
  container: Docker.Container,
  seconds: number,
  signal: AbortSignal,
): Promise<void> {
  const over = AbortSignal.timeout(seconds * 1000);
  while (!over.aborted) {
    const { State: state } = await container.inspect().catch((error: unknown) => {
      throw new Error(`error inspecting container state: ${reason(error)}`);
    });
    if (!state.Health) {
      throw new Error(
        "you have supplied a 'wait' argument, but the container does not have a healthcheck defined. " +
          "Please remove the 'wait' argument or add a 'healthcheck' attribute",
      );
    }
    if (state.Health.Status === "healthy") return;
    await sleep(HEALTH_INTERVAL, undefined, { signal });
  }
  throw new Error("container failed to be in healthy state");
}

/** With `attach`, waits for the container's end and gives back what it printed (with `logs`). */
export async function attach(
  container: Docker.Container,
  inputs: ContainerInputs,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!inputs.attach) return undefined;
  const printed = inputs.logs ? logsOf(container, inputs.tty ?? false) : undefined;
  await container.wait({ condition: "not-running", abortSignal: signal }).catch((error: unknown) => {
    throw new Error(`Unable to wait container end of execution: ${reason(error)}`);
  });
  return printed;
}

async function logsOf(container: Docker.Container, tty: boolean): Promise<string> {
  const stream = await container.logs({ stdout: true, stderr: true, follow: true });
  if (tty) return text(stream);
  const plain = new PassThrough();
  const modem = container.modem as Docker["modem"];
  (modem as { demuxStream(from: object, out: PassThrough, err: PassThrough): void }).demuxStream(
    stream,
    plain,
    plain,
  );
  stream.on("end", () => plain.end());
  return text(plain);
}
