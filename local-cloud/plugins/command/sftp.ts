import { readdirSync, statSync } from "node:fs";
import { basename, join, posix } from "node:path";
import { promisify } from "node:util";
import type { Client, SFTPWrapper } from "ssh2";

type Kind = "directory" | "file" | undefined;

const NO_SUCH_FILE = 2;

async function open(client: Client): Promise<SFTPWrapper> {
  return new Promise((resolve, reject) => {
    client.sftp((error, sftp) => (error ? reject(error) : resolve(sftp)));
  });
}

/** Writes a text to a file, whose parents are made. */
export async function copyText(client: Client, text: string, path: string): Promise<void> {
  const sftp = await open(client);
  if ((await kindOf(sftp, path)) === "directory") {
    throw new Error(
      `remote path ${path} is a directory; when using a text asset, remotePath must be a file path`,
    );
  }
  await makeDirectories(sftp, posix.dirname(path));
  await new Promise<void>((resolve, reject) => {
    sftp.writeFile(path, text, (error) =>
      error ? reject(new Error(`failed to create remote file ${path}: ${error.message}`)) : resolve(),
    );
  });
}

/**
 * Copies a file or a folder. Into an existing folder, a file and a folder named without a slash at its
 * end go under their own names; of `folder/`, the content goes. `exactly`: a file to this very path.
 */
export async function copyPath(
  client: Client,
  source: string,
  target: string,
  mode?: "exactly",
): Promise<void> {
  const sftp = await open(client);
  if (mode === "exactly") return copyFile(sftp, source, target);
  const existing = await kindOf(sftp, target);
  if (!statSync(source).isDirectory()) {
    if (existing === "directory") return copyFile(sftp, source, posix.join(target, basename(source)));
    if (existing === undefined) await makeDirectories(sftp, posix.dirname(target));
    return copyFile(sftp, source, target);
  }
  if (existing === undefined) await makeDirectories(sftp, target);
  await copyFolder(sftp, source, source.endsWith("/") ? target : posix.join(target, basename(source)));
}

async function copyFolder(sftp: SFTPWrapper, source: string, target: string): Promise<void> {
  const existing = await kindOf(sftp, target);
  if (existing === "file") throw new Error(`remote path ${target} exists but is not a directory`);
  if (existing === undefined) await makeDirectory(sftp, target);
  for (const entry of readdirSync(source, { withFileTypes: true })) {
    const [from, to] = [join(source, entry.name), posix.join(target, entry.name)];
    await (entry.isDirectory() ? copyFolder(sftp, from, to) : copyFile(sftp, from, to));
  }
}

async function copyFile(sftp: SFTPWrapper, source: string, target: string): Promise<void> {
  await promisify(sftp.fastPut.bind(sftp) as PutFile)(source, target).catch((error: unknown) => {
    throw new Error(`failed to copy file ${source} to remote path ${target}: ${(error as Error).message}`);
  });
}

type PutFile = (source: string, target: string, done: (error?: Error | null) => void) => void;

function kindOf(sftp: SFTPWrapper, path: string): Promise<Kind> {
  return new Promise((resolve, reject) => {
    sftp.stat(path, (error, stats) => {
      if (!error) return resolve(stats.isDirectory() ? "directory" : "file");
      const isMissing = (error as Error & { code?: number }).code === NO_SUCH_FILE;
      return isMissing
        ? resolve(undefined)
        : reject(new Error(`failed to stat remote path ${path}: ${error.message}`));
    });
  });
}

async function makeDirectories(sftp: SFTPWrapper, path: string): Promise<void> {
  const existing = await kindOf(sftp, path);
  if (existing === "directory") return;
  if (existing === "file") throw new Error(`remote path ${path} exists but is not a directory`);
  await makeDirectories(sftp, posix.dirname(path));
  await makeDirectory(sftp, path);
}

function makeDirectory(sftp: SFTPWrapper, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    sftp.mkdir(path, (error) =>
      error ? reject(new Error(`failed to create remote directory ${path}: ${error.message}`)) : resolve(),
    );
  });
}
