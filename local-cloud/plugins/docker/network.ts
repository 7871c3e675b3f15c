import type Docker from "dockerode";
import { setTimeout as sleep } from "node:timers/promises";
import type { FunctionType, ResourceType } from "../lib";
import { some } from "./create-body";
import { reason } from "./daemon";
import type { NetworkInputs } from "./inputs";
import { explicitName, labelsOf, labelsRead } from "./named";
import { asWritten, planChanges, unknownOutputs } from "./plan";
import type { Session } from "./session";
import { networkInputs } from "./tables";

/** How long a network in use is waited for, and between two tries, ms. */
const REMOVAL = { patience: 30_000, pause: 1_000 };

export interface NetworkState extends NetworkInputs {
  readonly scope?: string;
}

export function networkType(session: Session): ResourceType<NetworkInputs, NetworkState> {
  return {
    schema: { inputs: networkInputs, outputs: { scope: { type: "string" } } },
    autoname: "name",
    diff: (_, { state, news }) => planChanges(networkInputs, { ...state }, { ...news }),
    deleteBeforeReplace: explicitName,
    preview: (news, state) => unknownOutputs(networkInputs, { ...news }, state && { ...state }),
    create: async (inputs) => {
      const { docker } = await session.daemon();
      const call = { _query: {}, _body: createBody(inputs) } as unknown as Docker.NetworkCreateOptions;
      const network = await docker.createNetwork(call).catch((error: unknown) => {
        throw new Error(`Unable to create network: ${reason(error)}`);
      });
      const outputs = await read(docker, network.id, inputs);
      if (!outputs) throw new Error(`network ${network.id} was gone right after its creation`);
      return { id: network.id, outputs };
    },
    read: async (id, state) => {
      const outputs = await read((await session.daemon()).docker, id, state);
      return outputs && { id, outputs };
    },
    delete: async (id, _, context) => remove((await session.daemon()).docker, id, context.signal),
  };
}

function createBody(inputs: NetworkInputs): Docker.NetworkCreateOptions {
  const configs = inputs.ipamConfigs?.map((config) => ({
    ...some("Subnet", config.subnet),
    ...some("IPRange", config.ipRange),
    ...some("Gateway", config.gateway),
    ...some("AuxiliaryAddresses", config.auxAddress),
  })) as Docker.NetworkCreateOptions["IPAM"] extends { Config?: infer C } | undefined ? C : never;
  return {
    Name: inputs.name ?? "",
    CheckDuplicate: true,
    ...some("Labels", labelsOf(inputs.labels)),
    ...some("Driver", inputs.driver),
    ...some("Options", inputs.options),
    ...some("Internal", inputs.internal),
    ...some("Attachable", inputs.attachable),
    ...some("Ingress", inputs.ingress),
    ...some("EnableIPv6", inputs.ipv6),
    IPAM: {
      Driver: inputs.ipamDriver ?? "default",
      ...some("Config", configs),
      ...some("Options", inputs.ipamOptions),
    },
  };
}

/**
 * Any failed look counts as a network that is gone, as published: with `disableDockerDaemonCheck`, a host that
 * does not answer loses it from the state at a refresh, and deleting it there succeeds.
 */
async function inspect(docker: Docker, id: string): Promise<Docker.NetworkInspectInfo | undefined> {
  const answer: Promise<Docker.NetworkInspectInfo> = docker.getNetwork(id).inspect();
  return answer.catch(() => undefined);
}

async function read(docker: Docker, id: string, prior: NetworkInputs): Promise<NetworkState | undefined> {
  const info = await inspect(docker, id);
  if (!info) return undefined;
  const actual: Record<string, unknown> = {
    name: info.Name,
    labels: labelsRead(info.Labels),
    driver: info.Driver,
    internal: info.Internal,
    attachable: info.Attachable,
    ingress: info.Ingress,
    ipv6: info.EnableIPv6,
    ipamDriver: info.IPAM?.Driver,
    ipamOptions: info.IPAM?.Options ?? {},
    ipamConfigs: ipamConfigs(info.IPAM?.Config as IpamConfig[] | undefined),
    options: info.Options ?? {},
  };
  const written: Record<string, unknown> = { ...prior };
  const outputs = Object.entries(actual).map(([key, value]) => {
    const property = networkInputs[key];
    return [key, property ? asWritten(property, written[key], value) : value];
  });
  return { ...(Object.fromEntries(outputs) as NetworkInputs), scope: info.Scope };
}

interface IpamConfig {
  readonly Subnet?: string;
  readonly IPRange?: string;
  readonly Gateway?: string;
  readonly AuxiliaryAddresses?: Record<string, string>;
}

function ipamConfigs(configs: readonly IpamConfig[] | undefined): object[] {
  return (configs ?? []).map((config) => ({
    ...some("subnet", config.Subnet),
    ...some("ipRange", config.IPRange),
    ...some("gateway", config.Gateway),
    ...some("auxAddress", config.AuxiliaryAddresses),
  }));
}

async function remove(docker: Docker, id: string, signal: AbortSignal): Promise<void> {
  for (const end = Date.now() + REMOVAL.patience; ;) {
    if (!(await inspect(docker, id))) return;
    const failure = await docker
      .getNetwork(id)
      .remove()
      .then(() => undefined, reason);
    if (failure === undefined) return;
    if (!/has active endpoints/i.test(failure)) throw new Error(failure);
    if (Date.now() > end) {
      throw new Error(
        "timeout while waiting for state to become 'removed' (last state: 'pending', timeout: 30s)",
      );
    }
    await sleep(REMOVAL.pause, undefined, { signal });
  }
}

/** `getNetwork`: a network by its name. */
export function getNetwork(session: Session): FunctionType<{ name: string }, object> {
  const computed = { type: "any" } as const;
  return {
    schema: {
      inputs: { name: { type: "string", required: true } },
      outputs: {
        id: computed,
        driver: computed,
        internal: computed,
        ipamConfigs: computed,
        options: computed,
        scope: computed,
        containers: computed,
      },
    },
    invoke: async ({ name }) => {
      const { docker } = await session.daemon();
      const answer: Promise<Docker.NetworkInspectInfo> = docker.getNetwork(name).inspect();
      const info = await answer.catch((error: unknown) => {
        throw new Error(`Could not find docker network: ${reason(error)}`);
      });
      const containers = Object.entries(info.Containers ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
      return {
        id: info.Id,
        name: info.Name,
        scope: info.Scope,
        driver: info.Driver,
        options: info.Options ?? {},
        internal: info.Internal,
        ipamConfigs: ipamConfigs(info.IPAM?.Config as IpamConfig[] | undefined),
        containers: containers.map(([containerId, c]) => ({
          containerId,
          name: c.Name,
          endpointId: c.EndpointID,
          macAddress: c.MacAddress,
          ipv4Address: c.IPv4Address,
          ipv6Address: c.IPv6Address,
        })),
      };
    },
  };
}
