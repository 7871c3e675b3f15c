import { mkdirSync, readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { docker } from "../docker";
import type { CloudSettings } from "../settings";
import { loginFile, type RegistryLogin, type RegistryName } from "./registry-services";

/**
 * Pushes an image of this machine's Docker to one of the cloud's registries, unless it is there.
 *
 * @param name repository and tag, for example `library/postgres:17`.
 * @returns the reference that hosts pull: `ghcr.io/x/y@sha256:…`; docker.io's without `library/`.
 */
export async function push(
  settings: CloudSettings,
  registry: RegistryName,
  image: string,
  name: string,
): Promise<string> {
  const [port = ""] = (await docker(["port", `${settings.prefix}-${registry}`, "443/tcp"])).split("\n");
  const id = await docker(["image", "inspect", "--format", "{{.Id}}", image]);
  const login = JSON.parse(readFileSync(loginFile(settings), "utf8")) as RegistryLogin;
  const there = await manifest(settings, registry, port, name, login);
  const digest =
    there && there.ids.includes(id)
      ? there.digest
      : await pushNew(settings, registry, port, image, name, login);
  const [repository = ""] = name.split(":");
  const shown = registry === "docker.io" ? repository.replace(/^library\//, "") : `${registry}/${repository}`;
  return `${shown}@${digest}`;
}

async function pushNew(
  settings: CloudSettings,
  registry: RegistryName,
  port: string,
  image: string,
  name: string,
  login: RegistryLogin,
): Promise<string> {
  const config = join(settings.stateDir, "registries", "docker-client"); // not the user's own logins
  mkdirSync(config, { recursive: true, mode: 0o700 });
  const env = { DOCKER_CONFIG: config };
  if (registry === "ghcr.io") {
    await docker(["login", port, "--username", login.user, "--password-stdin"], { input: login.token, env });
  }
  const target = `${port}/${name}`;
  await docker(["tag", image, target]);
  try {
    await docker(["push", "--quiet", target], { env });
  } finally {
    await docker(["rmi", "--no-prune", target]);
  }
  const pushed = await manifest(settings, registry, port, name, login);
  if (!pushed) throw new Error(`${registry}/${name}: must be in the registry after a push, but is not`);
  return pushed.digest;
}

interface Manifest {
  readonly digest: string;
  /** What Docker may call the image: its configuration's digest, or with containerd's store the manifest's. */
  readonly ids: readonly string[];
}

const MANIFESTS = [
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
];

/** The registry's manifest of NAME:TAG; undefined when it has none. */
function manifest(
  settings: CloudSettings,
  registry: RegistryName,
  port: string,
  name: string,
  login: RegistryLogin,
): Promise<Manifest | undefined> {
  const [repository = "", tag = "latest"] = name.split(":");
  const [host, number] = port.split(":");
  const options = {
    ...{ host, port: number, servername: registry, path: `/v2/${repository}/manifests/${tag}`, agent: false },
    ca: readFileSync(join(settings.stateDir, "ca", "ca.crt")),
    headers: { accept: MANIFESTS.join(", ") },
    ...(registry === "ghcr.io" ? { auth: `${login.user}:${login.token}` } : {}),
  };
  return new Promise((resolve, reject) => {
    const asked = request(options, (reply) => {
      reply.on("error", reject);
      void reply.toArray().then((chunks: Buffer[]) => {
        if (reply.statusCode === 404) {
          resolve(undefined);
          return;
        }
        if (reply.statusCode !== 200) {
          reject(new Error(`${registry}: answered ${reply.statusCode ?? 0}`));
          return;
        }
        const digest = String(reply.headers["docker-content-digest"]);
        const { config } = JSON.parse(Buffer.concat(chunks).toString()) as { config?: { digest: string } };
        resolve({ digest, ids: [digest, config?.digest ?? ""] });
      }, reject);
    });
    asked.on("error", reject).end();
  });
}
