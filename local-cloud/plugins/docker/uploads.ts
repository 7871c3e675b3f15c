import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import type Docker from "dockerode";
import { pack } from "tar-stream";
import { reason } from "./daemon";
import type { ContainerInputs } from "./inputs";

type Upload = NonNullable<ContainerInputs["uploads"]>[number];

/** Puts files into a created container, root's own unless the upload names an owner. */
export async function uploadFiles(container: Docker.Container, inputs: ContainerInputs): Promise<void> {
  for (const upload of inputs.uploads ?? []) {
    const archive = pack();
    const uid = idOf(upload.owner, "/etc/passwd");
    const gid = idOf(upload.group, "/etc/group");
    const header = { name: upload.file, mode: modeOf(upload), uid, gid, mtime: new Date() };
    archive.entry(header, await contentOf(upload));
    archive.finalize();
    await container.putArchive(await buffer(archive), { path: "/" }).catch((error: unknown) => {
      throw new Error(`Unable to upload volume content: ${reason(error)}`);
    });
  }
}

function modeOf({ permissions, executable }: Upload): number {
  if (permissions) return Number.parseInt(permissions, 8);
  return executable ? 0o744 : 0o644;
}

/** A number as it is; a name as this machine (not the host) knows it, as published. */
function idOf(name: string | undefined, database: string): number {
  if (!name) return 0;
  if (/^\d+$/.test(name)) return Number(name);
  const lines = readFileSync(database, "utf8").split("\n");
  const id = lines.find((line) => line.startsWith(`${name}:`))?.split(":")[2];
  if (id === undefined) throw new Error(`error with upload: ${JSON.stringify(name)} is not in ${database}`);
  return Number(id);
}

async function contentOf({ content, contentBase64, source }: Upload): Promise<Buffer> {
  const given = [content, contentBase64, source].filter((value) => value);
  const choice = "'content', 'content_base64', or 'source'";
  if (given.length === 0) throw new Error(`error with upload content: one of ${choice} must be set`);
  if (given.length > 1) throw new Error(`error with upload content: only one of ${choice} can be set`);
  if (content) return Buffer.from(content);
  return contentBase64 ? Buffer.from(contentBase64, "base64") : readFile(source ?? "");
}
