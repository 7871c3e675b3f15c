import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyFile, copyToRemote } from "../../local-cloud/plugins/command/copy-to-remote";
import type { Connection } from "../../local-cloud/plugins/command/ssh-connection";
import { Archive, Asset } from "../../local-cloud/plugins/lib";
import { checkResource } from "../../local-cloud/plugins/lib/lifecycle";
import { UNKNOWN } from "../../local-cloud/plugins/lib/values";
import { recordedContext } from "../support/plugin-context";
import { startSshServer, testKey, type TestServer } from "../support/ssh-server";

const operator = testKey();
const hostKey = testKey();
let server: TestServer;
let dir: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "plugin-command-"));
  server = await startSshServer({ hostKeys: [hostKey], authorized: operator });
});
afterAll(async () => {
  await server.close();
  rmSync(dir, { recursive: true });
});

function connection(change: Partial<Connection> = {}): Connection {
  return {
    host: "127.0.0.1",
    port: server.port,
    user: "ops",
    privateKey: operator.privateKey,
    hostKey: hostKey.publicKey,
    dialErrorLimit: 0,
    perDialTimeout: 5,
    ...change,
  };
}

describe("remote.CopyToRemote", () => {
  const copy = (source: Asset | Archive, remotePath: string): Promise<unknown> =>
    copyToRemote.create({ connection: connection(), source, remotePath }, recordedContext());
  const read = (...path: string[]): string => readFileSync(join(server.root, ...path), "utf8");

  it("copies texts and files, and makes the folders above them", async () => {
    const file = join(dir, "file.txt");
    writeFileSync(file, "from a file");
    mkdirSync(join(server.root, "existing"));

    await copy(new Asset({ text: "a text" }), join(server.root, "a/b/text"));
    await copy(new Asset({ path: file }), join(server.root, "a/c/file"));
    await copy(new Asset({ path: file }), join(server.root, "existing"));

    expect(read("a/b/text")).toBe("a text");
    expect(read("a/c/file")).toBe("from a file");
    expect(read("existing/file.txt")).toBe("from a file");
  });

  it("copies a folder under its name, or its content with a slash at the end", async () => {
    mkdirSync(join(dir, "folder/sub"), { recursive: true });
    writeFileSync(join(dir, "folder/sub/x"), "deep");

    await copy(new Archive({ path: join(dir, "folder") }), join(server.root, "one"));
    await copy(new Archive({ path: `${join(dir, "folder")}/` }), join(server.root, "two"));

    expect(read("one/folder/sub/x")).toBe("deep");
    expect(read("two/sub/x")).toBe("deep");
  });

  it("copies again only when the content or the place changed", async () => {
    const before = server.connections();
    const state = {
      connection: connection(),
      source: new Asset({ text: "t", hash: "1" }),
      remotePath: join(server.root, "again"),
    };
    const update = (change: object): unknown =>
      copyToRemote.update?.("id", state, { ...state, ...change }, recordedContext(), state);

    await update({ connection: connection({ dialErrorLimit: 3 }) });
    expect(server.connections()).toBe(before);
    await update({ source: new Asset({ text: "u", hash: "2" }) });
    expect(read("again")).toBe("u");
  });

  it("refuses sources that the published plugin refuses", () => {
    const failures = (source: unknown): unknown =>
      checkResource(copyToRemote, {}, { connection: { host: "h" }, source, remotePath: "/x" }, "copy")
        .failures;

    expect(failures(new Asset({ uri: "https://x" }))).toMatchObject([{ property: "asset" }]);
    expect(failures(new Archive({ assets: {} }))).toMatchObject([{ property: "archive" }]);
    expect(failures(UNKNOWN)).toEqual([]);
  });

  it("has an older twin that copies one file to exactly its path", async () => {
    const file = join(dir, "exact.txt");
    writeFileSync(file, "exact");
    await copyFile.create(
      { connection: connection(), localPath: file, remotePath: join(server.root, "exact") },
      recordedContext(),
    );

    expect(read("exact")).toBe("exact");
  });
});
