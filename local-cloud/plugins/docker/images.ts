import type Docker from "dockerode";
import { isMissing, reason } from "./daemon";
import { imageParts, type Logins } from "./registry-auth";

/** The image of this name on the host; undefined if there is none. */
export async function localImage(docker: Docker, name: string): Promise<Docker.ImageInspectInfo | undefined> {
  return docker
    .getImage(name)
    .inspect()
    .catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw new Error(`unable to inspect image ${name}: ${reason(error)}`);
    });
}

/**
 * The image of this name on the host, pulled if it is not there. The login is the one whose address is
 * exactly the image's registry (so Docker Hub's must be given as `registry-1.docker.io`), as published.
 */
export async function findImage(
  docker: Docker,
  name: string,
  logins: Logins,
  platform = "",
): Promise<Docker.ImageInspectInfo> {
  const found = await localImage(docker, name);
  if (found) return found;
  await pull(docker, name, logins, platform).catch((error: unknown) => {
    throw new Error(`unable to pull image ${name}: error pulling image ${name}: ${reason(error)}`);
  });
  const pulled = await localImage(docker, name);
  if (!pulled) throw new Error(`unable to find or pull image ${name}`);
  return pulled;
}

async function pull(docker: Docker, name: string, logins: Logins, platform: string): Promise<void> {
  const authconfig = logins.get(imageParts(name).registry);
  const progress = await docker.pull(name, {
    ...(authconfig && { authconfig }),
    ...(platform !== "" && { platform }),
  });
  // errors in the middle of a pull are left to the look at the image that follows, as published
  await new Promise<void>((resolve) => docker.modem.followProgress(progress, () => resolve()));
}

/** The digest to show for a name: the one of its repository, else the first, else none. */
export function repoDigest(name: string, digests: readonly string[]): string {
  if (digests.length <= 1) return digests[0] ?? "";
  const repository = name.split(":")[0] ?? name;
  return digests.find((digest) => digest.startsWith(repository)) ?? digests[0] ?? "";
}
