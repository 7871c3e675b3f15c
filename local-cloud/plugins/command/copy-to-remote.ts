import { statSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { Archive, Asset, type UNKNOWN, type CheckFailure, type Context, type ResourceType } from "../lib";
import { copyPath, copyText } from "./sftp";
import { withConnection, type Connection } from "./ssh-connection";
import { copyFileInputs, copyToRemoteInputs } from "./tables";

interface CopyInputs {
  readonly connection: Connection;
  readonly remotePath: string;
  readonly source: Asset | Archive;
  readonly triggers?: readonly unknown[];
}

const newId = (): string => randomBytes(4).toString("hex");

export const copyToRemote: ResourceType<CopyInputs, CopyInputs> = {
  schema: { inputs: copyToRemoteInputs },
  check: ({ source }) => checkSource(source),
  async create(inputs, context) {
    await copySource(inputs, context);
    return { id: newId(), outputs: inputs };
  },
  /** Copies only when there is something else to copy, or another place for it. */
  async update(_id, state, news, context) {
    const isSame =
      state.source.content.hash === news.source.content.hash && state.remotePath === news.remotePath;
    if (!isSame) await copySource(news, context);
    return news;
  },
};

function checkSource(source: Asset | Archive | typeof UNKNOWN): CheckFailure[] {
  if (source instanceof Asset && source.content.path === undefined && source.content.text === undefined) {
    return [{ property: "asset", reason: "asset must be a path-based file asset or a text asset" }];
  }
  if (source instanceof Archive && source.content.path === undefined) {
    return [{ property: "archive", reason: "archive must be a path to a file or directory" }];
  }
  return [];
}

async function copySource({ connection, source, remotePath }: CopyInputs, context: Context): Promise<void> {
  const { path } = source.content;
  if (path !== undefined) statSync(path);
  const text = source instanceof Asset ? source.content.text : undefined;
  await withConnection(connection, context, (client) =>
    path === undefined ? copyText(client, text ?? "", remotePath) : copyPath(client, path, remotePath),
  );
}

interface CopyFileInputs {
  readonly connection: Connection;
  readonly localPath: string;
  readonly remotePath: string;
  readonly triggers?: readonly unknown[];
}

export const copyFile: ResourceType<CopyFileInputs, CopyFileInputs> = {
  schema: { inputs: copyFileInputs },
  async create(inputs, context) {
    statSync(inputs.localPath);
    await withConnection(inputs.connection, context, (client) =>
      copyPath(client, inputs.localPath, inputs.remotePath, "exactly"),
    );
    return { id: newId(), outputs: inputs };
  },
};
