import { createReadStream } from "node:fs";
import { mkdir, rename, stat, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import type { Accounts } from "./accounts.js";

/** Keeps a file whole or not at all. */
export async function keep(storage: string, id: string, content: Uint8Array): Promise<void> {
  await mkdir(join(storage, "attachments"), { recursive: true });
  const file = join(storage, "attachments", id);
  await writeFile(`${file}.tmp`, content);
  await rename(`${file}.tmp`, file);
}

/** `/files/ATTACHMENT?token=…`: the token is for this attachment and an hour. */
export async function sendFile(
  { accounts, storage }: { accounts: Accounts; storage: string },
  url: URL,
  _request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const id = url.pathname.slice("/files/".length);
  const allowed = await accounts.read("FILE", url.searchParams.get("token") ?? "").catch(() => undefined);
  if (allowed?.subject !== id) return void response.writeHead(403).end();
  const path = join(storage, "attachments", id);
  const found = await stat(path).catch(() => undefined);
  if (!found) return void response.writeHead(410).end();
  response.writeHead(200, {
    "Content-Type": "application/octet-stream",
    "Content-Disposition": "attachment",
    "Content-Length": found.size,
    "Cache-Control": "private, no-store",
  });
  createReadStream(path).pipe(response);
}
