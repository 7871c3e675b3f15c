import type Docker from "dockerode";
import { PartialFailure, type CheckFailure, type ResourceType } from "../lib";
import type { ContainerAnswer } from "./answers";
import { checkContainer } from "./container-check";
import { attach, joinNetworks, start, startOnce } from "./container-steps";
import { containerInputs, containerOutputs } from "./container-table";
import { createRequest, resourcesOf } from "./create-body";
import { isMissing, reason } from "./daemon";
import { findImage } from "./images";
import type { ContainerInputs, ContainerState } from "./inputs";
import { planChanges, unknownOutputs } from "./plan";
import { readBack } from "./read-back";
import type { Session } from "./session";
import { uploadFiles } from "./uploads";

/** Inputs whose change reaches a container that runs; other updates only change the state, as published. */
const LIVE = [
  "restart",
  "maxRetryCount",
  "cpuShares",
  "memory",
  "memoryReservation",
  "cpuSet",
  "memorySwap",
  "deviceReadBps",
  "deviceReadIops",
  "deviceWriteBps",
  "deviceWriteIops",
];

export function containerType(session: Session): ResourceType<ContainerInputs, ContainerState> {
  return {
    schema: { inputs: containerInputs, outputs: containerOutputs },
    autoname: "name",
    check: (news): CheckFailure[] => checkContainer(news),
    diff: (_, { state, news }) => planChanges(containerInputs, { ...state }, { ...news }),
    deleteBeforeReplace: () => true,
    preview: (news, state) => unknownOutputs(containerInputs, { ...news }, state && { ...state }),
    create: (inputs, context) => create(session, inputs, context.signal),
    read: async (id, state) => {
      const { docker } = await session.daemon();
      const outputs = await read(docker, id, state as ContainerState);
      return outputs && { id, outputs };
    },
    update: (id, state, news) => update(session, id, state, news),
    delete: (id, state, context) => remove(session, id, state, context.signal),
  };
}

async function create(
  session: Session,
  inputs: ContainerInputs,
  signal: AbortSignal,
): Promise<{ id: string; outputs: ContainerState }> {
  const daemon = await session.daemon();
  const { docker } = daemon;
  await findImage(docker, inputs.image, session.logins).catch((error: unknown) => {
    throw new Error(`Unable to create container with image ${inputs.image}: ${reason(error)}`);
  });
  const { query, body } = createRequest(inputs, await daemon.apiVersion());
  // query and body apart: dockerode puts everything into the address otherwise, secrets too
  const call = { _query: query, _body: body } as unknown as Docker.ContainerCreateOptions;
  const container = await docker.createContainer(call).catch((error: unknown) => {
    throw new Error(`Unable to create container: ${reason(error)}`);
  });
  const { id } = container;
  try {
    await joinNetworks(docker, id, inputs);
    await uploadFiles(container, inputs);
    await start(container, inputs, signal);
    const printed = await attach(container, inputs, signal);
    const outputs = await read(docker, id, {
      ...inputs,
      ...(printed !== undefined && { containerLogs: printed }),
    });
    if (!outputs) throw new Error(`container ${id} was gone right after its creation`);
    return { id, outputs };
  } catch (error) {
    // the container stays as it is and in the state, as the published plugin leaves it
    throw new PartialFailure(id, inputs, reason(error));
  }
}

async function read(docker: Docker, id: string, prior: ContainerState): Promise<ContainerState | undefined> {
  const info = await docker
    .getContainer(id)
    .inspect()
    .catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw new Error(`error fetching container information from Docker: ${reason(error)}`);
    });
  if (!info) return undefined;
  const answer = info as unknown as ContainerAnswer;
  // an import knows nothing but the id
  return readBack({ ...prior, image: prior.image || answer.Config.Image }, answer);
}

async function update(
  session: Session,
  id: string,
  state: ContainerState,
  news: ContainerInputs,
): Promise<ContainerState> {
  const changed = new Set(planChanges(containerInputs, { ...state }, { ...news }).map(({ path }) => path));
  const container = (await session.daemon()).docker.getContainer(id);
  if (changed.has("mustRun") && news.mustRun && news.start !== false) {
    await startOnce(container);
  }
  if (LIVE.some((key) => changed.has(key))) {
    const RestartPolicy = { Name: news.restart ?? "no", MaximumRetryCount: news.maxRetryCount ?? 0 };
    await container.update({ ...resourcesOf(news), RestartPolicy }).catch((error: unknown) => {
      throw new Error(`Unable to update a container: ${reason(error)}`);
    });
  }
  return { ...kept(state), ...news };
}

/** What an update leaves of the state: the part that the daemon filled in. */
function kept(state: ContainerState): object {
  const own = Object.entries(state).filter(
    ([key]) => containerInputs[key]?.computed || key in containerOutputs,
  );
  return Object.fromEntries(own);
}

async function remove(
  session: Session,
  id: string,
  state: ContainerState,
  signal: AbortSignal,
): Promise<void> {
  const container = (await session.daemon()).docker.getContainer(id);
  const unless = (ignored: RegExp, what: string) => (error: unknown) => {
    // 304: stopped or started already
    if ((error as { statusCode?: number }).statusCode === 304 || ignored.test(reason(error))) return;
    throw new Error(`${what}: ${reason(error)}`);
  };
  if (!state.attach) {
    const t = Math.max(0, state.destroyGraceSeconds ?? 0);
    await container
      .stop({ t, abortSignal: signal })
      .catch(unless(/no such container/i, `Error stopping container ${id}`));
  }
  const gone = /no such container|is already in progress/i;
  await container
    .remove({ v: state.removeVolumes ?? true, force: true })
    .catch(unless(gone, `Error deleting container ${id}`));
  const condition = state.rm ? "removed" : "not-running";
  await container
    .wait({ condition, abortSignal: signal })
    .catch(unless(gone, `Error waiting for container removal '${id}'`));
}
