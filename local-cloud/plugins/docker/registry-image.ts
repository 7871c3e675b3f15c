import type { FunctionType, ResourceType } from "../lib";
import { reason } from "./daemon";
import type { RegistryImageInputs } from "./inputs";
import { explicitName } from "./named";
import { planChanges } from "./plan";
import { Registry } from "./registry";
import { imageParts, loginFor, serverAddress, type RegistryLogin } from "./registry-auth";
import { refuseBuild } from "./remote-image";
import type { Session } from "./session";
import { registryImageInputs } from "./tables";

export interface RegistryImageState extends RegistryImageInputs {
  readonly sha256Digest?: string;
}

/** An image of the host pushed to its registry. */
export function registryImageType(session: Session): ResourceType<RegistryImageInputs, RegistryImageState> {
  const digestOf = (inputs: RegistryImageInputs): Promise<string> => {
    const parts = imageParts(inputs.name ?? "");
    return new Registry(parts.registry, login(session, inputs), inputs.insecureSkipVerify ?? false).digest(
      parts,
    );
  };
  return {
    schema: { inputs: registryImageInputs, outputs: { sha256Digest: { type: "string" } } },
    autoname: "name",
    check: refuseBuild,
    diff: (_, { state, news }) => planChanges(registryImageInputs, { ...state }, { ...news }),
    deleteBeforeReplace: explicitName,
    create: async (inputs) => {
      await push(session, inputs);
      const sha256Digest = await digestOf(inputs);
      return { id: sha256Digest, outputs: { ...inputs, sha256Digest } };
    },
    read: async (id, state) => {
      const prior = state as RegistryImageState;
      const sha256Digest = await digestOf(prior).catch(() => undefined);
      return sha256Digest === undefined ? undefined : { id, outputs: { ...prior, sha256Digest } };
    },
    update: async (_, __, news) => ({ ...news, sha256Digest: await digestOf(news) }),
    delete: async (_, state) => {
      if (state.keepRemotely) return;
      const parts = imageParts(state.name ?? "");
      const registry = new Registry(parts.registry, login(session, state), true);
      await registry.delete(parts, state.sha256Digest ?? parts.tag).catch((error: unknown) => {
        throw new Error(`Got error deleting registry image: ${reason(error)}`);
      });
    },
  };
}

function login(session: Session, { name = "", authConfig }: RegistryImageInputs): RegistryLogin {
  if (authConfig) {
    const { address, username = "", password = "" } = authConfig;
    return { serveraddress: serverAddress(address), username, password };
  }
  const { registry } = imageParts(name);
  const found = loginFor(registry, session.logins);
  if (!found)
    throw new Error(`Unable to get authConfig for registry: no auth config found for registry ${registry}`);
  return found;
}

async function push(session: Session, inputs: RegistryImageInputs): Promise<void> {
  const { docker } = await session.daemon();
  const { registry, repository, tag } = imageParts(inputs.name ?? "");
  const { username, password, serveraddress } = login(session, inputs);
  const authconfig = { username, password, serveraddress };
  const name = `${registry}/${repository}:${tag}`;
  const progress = await docker
    .getImage(`${registry}/${repository}`)
    .push({ tag, authconfig })
    .catch((error: unknown) => {
      throw new Error(`Error pushing docker image: ${reason(error)}`);
    });
  await new Promise<void>((resolve, reject) =>
    docker.modem.followProgress(progress, (error) =>
      error
        ? reject(new Error(`Error pushing docker image: Error pushing image ${name}: ${error.message}`))
        : resolve(),
    ),
  );
}

/** `getRegistryImage`: the digest that a name stands for in its registry, asked from this machine. */
export function getRegistryImage(
  session: Session,
): FunctionType<{ name: string; insecureSkipVerify?: boolean }, object> {
  return {
    schema: {
      inputs: {
        name: { type: "string", required: true },
        insecureSkipVerify: { type: "boolean", default: false },
      },
      outputs: { id: { type: "string" }, sha256Digest: { type: "string" } },
    },
    invoke: async ({ name, insecureSkipVerify = false }) => {
      const parts = imageParts(name);
      const registry = new Registry(
        parts.registry,
        loginFor(parts.registry, session.logins),
        insecureSkipVerify,
      );
      const sha256Digest = await registry.digest(parts).catch((error: unknown) => {
        const image = `${parts.repository}:${parts.tag}`;
        throw new Error(
          `Got error when attempting to fetch image version ${image} from registry: ${reason(error)}`,
        );
      });
      return { id: sha256Digest, name, insecureSkipVerify, sha256Digest };
    },
  };
}
