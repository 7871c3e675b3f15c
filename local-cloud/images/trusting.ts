import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { docker, run } from "../docker";
import type { CloudSettings } from "../settings";
import { builder } from "./images";

const CERTS = "/etc/ssl/certs";

/**
 * An application's image that believes the cloud's authority, as every image believes the public ones. The same until
 * image or authority change.
 *
 * @param image a tag of this machine's Docker, of an image on Debian.
 * @returns the tag of the new image.
 */
export async function trusting(settings: CloudSettings, image: string): Promise<string> {
  const ca = join(settings.stateDir, "ca", "ca.crt");
  const hash = await run("openssl", ["x509", "-hash", "-noout", "-in", ca]);
  const tag = `${image}-${settings.name}`;
  const context = mkdtempSync(join(tmpdir(), "homeport-trusting-"));
  try {
    copyFileSync(ca, join(context, "ca.crt"));
    const dockerfile = [
      `FROM ${image}`,
      `COPY ca.crt ${CERTS}/${hash}.0`,
      // for programs that bring authorities of their own: Python's and Node's
      `ENV SSL_CERT_DIR=${CERTS} NODE_EXTRA_CA_CERTS=${CERTS}/${hash}.0`,
      `LABEL homeport.cloud=${settings.name}`,
    ];
    const args = ["build", "--quiet", "--tag", tag, "--file", "-", context];
    await docker(args, { input: dockerfile.join("\n"), env: await builder() });
  } finally {
    rmSync(context, { recursive: true });
  }
  return tag;
}

/** Removes what {@link trusting} made for a cloud. */
export async function forgetTrusting({ name }: CloudSettings): Promise<void> {
  const images = await docker(["image", "ls", "--quiet", "--filter", `label=homeport.cloud=${name}`]);
  const ids = [...new Set(images.split("\n").filter((id) => id !== ""))];
  if (ids.length > 0) await docker(["rmi", "--force", "--no-prune", ...ids]);
}
