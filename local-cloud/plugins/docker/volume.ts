import type Docker from "dockerode";
import { setTimeout as sleep } from "node:timers/promises";
import type { ResourceType } from "../lib";
import { some } from "./create-body";
import { isMissing, reason } from "./daemon";
import type { VolumeInputs } from "./inputs";
import { explicitName, labelsOf, labelsRead } from "./named";
import { asWritten, planChanges, unknownOutputs } from "./plan";
import type { Session } from "./session";
import { volumeInputs } from "./tables";

/** How long a volume in use is waited for, and between two tries, ms. */
const REMOVAL = { patience: 30_000, pause: 1_000 };

export interface VolumeState extends VolumeInputs {
  readonly mountpoint?: string;
}

export function volumeType(session: Session): ResourceType<VolumeInputs, VolumeState> {
  return {
    schema: { inputs: volumeInputs, outputs: { mountpoint: { type: "string" } } },
    autoname: "name",
    check: ({ cluster }) =>
      cluster === undefined ? [] : [{ property: "cluster", reason: "this stand-in has no cluster volumes" }],
    diff: (_, { state, news }) => planChanges(volumeInputs, { ...state }, { ...news }),
    deleteBeforeReplace: explicitName,
    preview: (news, state) => unknownOutputs(volumeInputs, { ...news }, state && { ...state }),
    create: (inputs) => create(session, inputs),
    read: async (id, state) => {
      const outputs = await read((await session.daemon()).docker, id, state);
      return outputs && { id, outputs };
    },
    delete: async (id, _, context) => remove((await session.daemon()).docker, id, context.signal),
  };
}

/** The daemon answers with the volume of that name, new or not: its name is the resource's id. */
async function create(session: Session, inputs: VolumeInputs): Promise<{ id: string; outputs: VolumeState }> {
  const { docker } = await session.daemon();
  const body: Docker.VolumeCreateOptions = {
    Name: inputs.name ?? "",
    ...some("Labels", labelsOf(inputs.labels)),
    ...some("Driver", inputs.driver),
    ...some("DriverOpts", inputs.driverOpts),
  };
  const call = { _query: {}, _body: body } as Docker.VolumeCreateOptions; // options may hold a password
  const { name: id } = await docker.createVolume(call).catch((error: unknown) => {
    throw new Error(`Unable to create volume: ${reason(error)}`);
  });
  const outputs = await read(docker, id, inputs);
  if (!outputs) throw new Error(`volume ${id} was gone right after its creation`);
  return { id, outputs };
}

async function read(docker: Docker, id: string, prior: VolumeInputs): Promise<VolumeState | undefined> {
  const info = await docker
    .getVolume(id)
    .inspect()
    .catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw new Error(`Unable to inspect volume: ${reason(error)}`);
    });
  if (!info) return undefined;
  const actual = { labels: labelsRead(info.Labels), driverOpts: info.Options ?? {} };
  const kept = Object.entries(actual).map(([key, value]) => {
    const property = volumeInputs[key];
    return [key, property ? asWritten(property, prior[key as keyof VolumeInputs], value) : value];
  });
  return {
    name: info.Name,
    driver: info.Driver,
    mountpoint: info.Mountpoint,
    ...(Object.fromEntries(kept) as VolumeInputs),
  };
}

async function remove(docker: Docker, id: string, signal: AbortSignal): Promise<void> {
  for (const end = Date.now() + REMOVAL.patience; ;) {
    const failure = await docker
      .getVolume(id)
      .remove({ force: true })
      .then(() => undefined, reason);
    if (failure === undefined) return;
    if (!/volume is in use/i.test(failure)) throw new Error(failure);
    if (Date.now() > end) {
      throw new Error(
        "timeout while waiting for state to become 'removed' (last state: 'in_use', timeout: 30s)",
      );
    }
    await sleep(REMOVAL.pause, undefined, { signal });
  }
}
