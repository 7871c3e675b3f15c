import type { FunctionType, ResourceType } from "../lib";
import { reason } from "./daemon";
import { findImage, localImage, repoDigest } from "./images";
import type { RemoteImageInputs, TagInputs } from "./inputs";
import { planChanges } from "./plan";
import type { Session } from "./session";
import { remoteImageInputs, tagInputs } from "./tables";

export interface RemoteImageState extends RemoteImageInputs {
  readonly imageId?: string;
  readonly repoDigest?: string;
}

export const refuseBuild = ({
  build,
}: {
  readonly build?: unknown;
}): { property: string; reason: string }[] =>
  build === undefined ? [] : [{ property: "build", reason: "this stand-in builds no images" }];

/** An image on the host, under the name it was pulled by. */
export function remoteImageType(session: Session): ResourceType<RemoteImageInputs, RemoteImageState> {
  const outputs = { imageId: { type: "string" }, repoDigest: { type: "string" } } as const;
  const find = async (inputs: RemoteImageInputs): Promise<{ id: string; outputs: RemoteImageState }> => {
    const { docker } = await session.daemon();
    const image = await findImage(docker, inputs.name, session.logins, inputs.platform).catch(
      (error: unknown) => {
        throw new Error(`Unable to read Docker image into resource: ${reason(error)}`);
      },
    );
    return { id: image.Id + inputs.name, outputs: described(inputs, image.Id, image.RepoDigests) };
  };
  return {
    schema: { inputs: remoteImageInputs, outputs },
    check: refuseBuild,
    diff: (_, { state, news }) => planChanges(remoteImageInputs, { ...state }, { ...news }),
    create: find,
    read: async (_, state) => {
      const prior = state as RemoteImageState;
      const image = await localImage((await session.daemon()).docker, prior.name);
      return image && { id: image.Id + prior.name, outputs: described(prior, image.Id, image.RepoDigests) };
    },
    update: async (_, __, news) => (await find(news)).outputs,
    delete: (_, state) => remove(session, state),
  };
}

function described(
  inputs: RemoteImageInputs,
  imageId: string,
  digests: readonly string[] | null,
): RemoteImageState {
  return { ...inputs, imageId, repoDigest: repoDigest(inputs.name, digests ?? []) };
}

/** An image that a container uses is not removed and the deletion fails, as published: hence `keepLocally`. */
async function remove(session: Session, { name, keepLocally, forceRemove }: RemoteImageState): Promise<void> {
  if (keepLocally) return;
  const { docker } = await session.daemon();
  if (!(await localImage(docker, name))) return;
  await docker
    .getImage(name)
    .remove({ force: forceRemove ?? false })
    .catch((error: unknown) => {
      throw new Error(`Unable to remove Docker image: ${reason(error)}`);
    });
}

/** `getRemoteImage`: an image that is on the host already. */
export function getRemoteImage(session: Session): FunctionType<{ name: string }, object> {
  return {
    schema: {
      inputs: { name: { type: "string", required: true } },
      outputs: { id: { type: "string" }, repoDigest: { type: "string" } },
    },
    invoke: async ({ name }) => {
      const image = await localImage((await session.daemon()).docker, name);
      if (!image) throw new Error(`did not find docker image '${name}'`);
      return {
        id: image.Id,
        name,
        repoDigest: described({ name }, image.Id, image.RepoDigests).repoDigest,
      };
    },
  };
}

export interface TagState extends TagInputs {
  readonly sourceImageId?: string;
}

/** A second name of an image; neither looked at again nor removed, as published. */
export function tagType(session: Session): ResourceType<TagInputs, TagState> {
  return {
    schema: { inputs: tagInputs, outputs: { sourceImageId: { type: "string" } } },
    diff: (_, { state, news }) => planChanges(tagInputs, { ...state }, { ...news }),
    create: async (inputs) => {
      const image = (await session.daemon()).docker.getImage(inputs.sourceImage);
      await image.tag(target(inputs.targetImage)).catch((error: unknown) => {
        throw new Error(`failed to create docker tag: ${reason(error)}`);
      });
      const { Id: sourceImageId } = await image.inspect();
      return { id: `${inputs.sourceImage}.${inputs.targetImage}`, outputs: { ...inputs, sourceImageId } };
    },
  };
}

function target(name: string): { repo: string; tag: string } {
  const [, repo = name, tag = "latest"] = /^(.*?)(?::([^:/]+))?$/.exec(name) ?? [];
  return { repo, tag };
}
