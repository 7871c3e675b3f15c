import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyFile, copyToRemote } from "../../local-cloud/plugins/command/copy-to-remote";
import { globPattern } from "../../local-cloud/plugins/command/globs";
import { localCommand, localRun } from "../../local-cloud/plugins/command/local-command";
import { remoteCommand } from "../../local-cloud/plugins/command/remote-command";
import type { Connection } from "../../local-cloud/plugins/command/ssh-connection";
import * as tables from "../../local-cloud/plugins/command/tables";
import { Archive, Asset } from "../../local-cloud/plugins/lib";
import {
  checkResource,
  diffResource,
  previewOutputs,
  type AnyResource,
} from "../../local-cloud/plugins/lib/lifecycle";
import { plain, UNKNOWN } from "../../local-cloud/plugins/lib/values";
import { recordedContext } from "../support/plugin-context";
import { inputDifferences } from "../support/published-inputs";
import { startSshServer, testKey, type TestServer } from "../support/ssh-server";

const operator = testKey();
const hostKey = testKey();
const otherHostKey = testKey("ec");
let server: TestServer;
let dir: string;

beforeAll(async () => {
  delete process.env["SSH_AUTH_SOCK"];
  dir = mkdtempSync(join(tmpdir(), "plugin-command-"));
  server = await startSshServer({
    hostKeys: [hostKey, otherHostKey],
    authorized: operator,
    password: "letmein",
    acceptEnv: ["GREETING"],
  });
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

type RemoteInputs = Parameters<typeof remoteCommand.create>[0];
const create = (
  inputs: Partial<RemoteInputs>,
  context = recordedContext(),
): ReturnType<typeof remoteCommand.create> =>
  remoteCommand.create({ connection: connection(), ...inputs }, context);

describe("tables", () => {
  it.each([
    ["local/command.d.ts", "CommandArgs", tables.localCommandInputs],
    ["local/run.d.ts", "RunArgs", tables.localRunInputs],
    ["remote/command.d.ts", "CommandArgs", tables.remoteCommandInputs],
    ["remote/copyToRemote.d.ts", "CopyToRemoteArgs", tables.copyToRemoteInputs],
    ["remote/copyFile.d.ts", "CopyFileArgs", tables.copyFileInputs],
  ])("have exactly the inputs of %s", (file, name, table) => {
    expect(inputDifferences("@pulumi/command", file, name, table)).toEqual([]);
  });
});

describe("remote.Command: connection", () => {
  it("fills in the published defaults, and keeps the connection secret", () => {
    const { inputs, failures } = checkResource(
      remoteCommand as AnyResource,
      {},
      { connection: { host: "h", proxy: { host: "p" } } },
      "step",
    );

    const defaults = { port: 22, user: "root", dialErrorLimit: 10, perDialTimeout: 15 };
    expect(failures).toEqual([]);
    expect(plain(inputs)).toEqual({
      connection: { host: "h", ...defaults, proxy: { host: "p", ...defaults } },
    });
    expect(inputs["connection"]).not.toEqual(plain(inputs["connection"]));
  });

  it("accepts each host key that the server has, by its own algorithm, and any without one", async () => {
    for (const key of [hostKey.publicKey, otherHostKey.publicKey, undefined]) {
      const { outputs } = await create({ connection: connection({ hostKey: key }), create: "echo in" });
      expect(outputs.stdout).toBe("in");
    }
  });

  it("refuses another host key before it authenticates", async () => {
    const before = server.connections();
    const wrong = create({ connection: connection({ hostKey: testKey().publicKey }), create: "true" });

    await expect(wrong).rejects.toThrow(
      "after 0 failed attempts: ssh: handshake failed: ssh: host key mismatch",
    );
    expect(server.connections()).toBe(before);
  });

  it("takes keys in OpenSSH's format, in PEM, without their last newline, and passwords", async () => {
    const credentials: Partial<Connection>[] = [
      { privateKey: operator.privatePem },
      { privateKey: operator.privateKey.trimEnd() },
      { privateKey: undefined, password: "letmein" },
    ];
    for (const credential of credentials) {
      const { outputs } = await create({ connection: connection(credential), create: "echo in" });
      expect(outputs.stdout).toBe("in");
    }
  });

  it("says that authentication failed, and does not dial again for a key that cannot be read", async () => {
    const stranger = create({ connection: connection({ privateKey: testKey().privateKey }), create: "true" });
    await expect(stranger).rejects.toThrow("ssh: handshake failed: ssh: unable to authenticate");

    const context = recordedContext();
    const unreadable = create(
      { connection: connection({ privateKey: "hunter2", dialErrorLimit: -1 }), create: "true" },
      context,
    );
    await expect(unreadable).rejects.toThrow("ssh: no key found");
    expect(context.lines).toEqual([]);
  });

  it("dials again until the server is there", async () => {
    const late = await startSshServer({ hostKeys: [hostKey], authorized: operator });
    const { port } = late;
    await late.close();
    const context = recordedContext();
    const done = create({ connection: connection({ port, dialErrorLimit: -1 }), create: "echo up" }, context);
    await expect.poll(() => context.lines).toContain("info Dial 2/inf failed: retrying");
    const back = await startSshServer({ hostKeys: [hostKey], authorized: operator, port });

    expect((await done).outputs.stdout).toBe("up");
    await back.close();
  });

  it("gives up after the dials that it may fail", async () => {
    const gone = await startSshServer({ hostKeys: [hostKey], authorized: operator });
    await gone.close();
    const context = recordedContext();
    const failing = create(
      { connection: connection({ port: gone.port, dialErrorLimit: 2 }), create: "true" },
      context,
    );

    await expect(failing).rejects.toThrow(
      `after 2 failed attempts: dial tcp 127.0.0.1:${gone.port}: connect: connection refused`,
    );
    expect(context.lines).toEqual(["info Dial 1/2 failed: retrying", "info Dial 2/2 failed: retrying"]);
  });

  it("goes through a proxy", async () => {
    const bastion = await startSshServer({ hostKeys: [otherHostKey], authorized: operator });
    const proxy = { ...connection({ port: bastion.port, hostKey: otherHostKey.publicKey }) };
    const { outputs } = await create({ connection: { ...connection(), proxy }, create: "echo through" });

    expect(outputs.stdout).toBe("through");
    expect(bastion.connections()).toBe(1);
    await bastion.close();
  });

  it("ends when cancelled, while it dials and while it runs", async () => {
    for (const inputs of [
      { connection: connection({ port: 1, dialErrorLimit: -1 }), create: "true" },
      { create: "echo started; sleep 60" },
    ]) {
      const cancel = new AbortController();
      const context = recordedContext(cancel.signal);
      const running = create(inputs, context);
      running.catch(() => undefined);
      await expect.poll(() => context.lines.length).toBeGreaterThan(0);
      cancel.abort();
      await expect(running).rejects.toThrow("context canceled");
    }
  });
});

describe("remote.Command: commands", () => {
  it("delivers standard input byte for byte and takes one newline off the outputs", async () => {
    const stdin = `a 'quoted' $(line)\n${"x".repeat(300_000)}\n`;
    const { outputs } = await create({
      create: "md5sum | cut -d' ' -f1; echo; printf 'two\\n\\n' >&2",
      stdin,
    });
    const local = await localRun.invoke({ command: "md5sum | cut -d' ' -f1", stdin }, recordedContext());

    expect(outputs.stdout).toBe(`${local.stdout}\n`);
    expect(outputs.stderr).toBe("two\n");
    expect(outputs).toMatchObject({ create: expect.any(String) as string, stdin });
  });

  it("fails with the exit status, the whole command and all its output", async () => {
    const failing = create({ create: 'echo "out"; echo err >&2; exit 3', logging: "none" });

    const error = await failing.catch((e: Error) => e.message);
    expect(error).toMatch(/^Process exited with status 3: running "echo \\"out\\"; echo err >&2; exit 3":\n/);
    expect(error).toContain("out\n");
    expect(error).toContain("err\n");
  });

  it("names the signal that ended a command", async () => {
    await expect(create({ create: "kill -KILL $$" })).rejects.toThrow(
      "Process exited with status 137 from signal KILL: running",
    );
  });

  it.each([
    ["stdoutAndStderr", ["info out", "info err"]],
    [undefined, ["info out", "info err"]],
    ["stdout", ["info out"]],
    ["stderr", ["info err"]],
    ["none", []],
  ] as const)("shows lines as logging says: %s", async (logging, lines) => {
    const context = recordedContext();
    await create({ create: "echo out; echo err >&2", logging }, context);

    expect([...context.lines].sort()).toEqual([...lines].sort());
  });

  it("sets variables that AcceptEnv allows, and runs nothing when it refuses one", async () => {
    const { outputs } = await create({ create: 'echo "$GREETING"', environment: { GREETING: "hi" } });
    expect(outputs.stdout).toBe("hi");

    const mark = join(dir, "ran");
    const context = recordedContext();
    const refused = create({ create: `touch ${mark}`, environment: { OTHER: "x" } }, context);
    await expect(refused).rejects.toThrow('could not set environment variable "OTHER": ssh: setenv failed');
    expect(existsSync(mark)).toBe(false);
    expect(context.lines).toEqual([expect.stringContaining("error Unable to set 'OTHER'")]);
  });

  it("only warns when the previous output cannot be passed on, and does not try when told not to", async () => {
    const { id, outputs } = await create({ create: "echo one" });
    const news = { ...outputs, update: "echo two" };
    for (const [addPreviousOutputInEnv, warnings] of [
      [undefined, 1],
      [false, 0],
    ] as const) {
      const context = recordedContext();
      const updated = await remoteCommand.update?.(
        id,
        outputs,
        { ...news, addPreviousOutputInEnv },
        context,
        news,
      );
      expect(updated?.stdout).toBe("two");
      expect(context.lines.filter((line) => line.startsWith("warning"))).toHaveLength(warnings);
    }
  });

  it("updates with `update`, otherwise with `create`, otherwise with nothing; deletes with `delete`", async () => {
    const { id, outputs } = await create({ create: "echo one" });
    const update = async (change: object): Promise<string | undefined> =>
      (await remoteCommand.update?.(id, outputs, { ...outputs, ...change }, recordedContext(), outputs))
        ?.stdout;

    expect(await update({ update: "echo two" })).toBe("two");
    expect(await update({ create: "echo three" })).toBe("three");
    expect(await update({ create: undefined })).toBe("one");
    const mark = join(dir, "deleted");
    await remoteCommand.delete?.(id, { ...outputs, delete: `touch ${mark}` }, recordedContext());
    expect(existsSync(mark)).toBe(true);
  });
});

describe("remote.Command: plan", () => {
  const olds = { connection: { host: "a" }, create: "x", triggers: ["1", { id: 2 }] };
  const diff = (news: object): unknown =>
    diffResource(remoteCommand as AnyResource, "id", {}, olds, { ...olds, ...news }, []);

  it("replaces for a trigger, updates for everything else", () => {
    expect(diff({})).toEqual([]);
    expect(diff({ triggers: ["1", { id: 3 }] })).toEqual([
      { path: "triggers[1].id", kind: "update", replaces: true },
    ]);
    expect(diff({ triggers: ["1", UNKNOWN] })).toEqual([
      { path: "triggers[1]", kind: "update", replaces: true },
    ]);
    expect(diff({ connection: { host: "b" } })).toEqual([
      { path: "connection.host", kind: "update", replaces: false },
    ]);
    expect(diff({ stdin: "new" })).toEqual([{ path: "stdin", kind: "add", replaces: false }]);
  });

  it("accepts unknown inputs in a preview, and leaves the outputs unknown", () => {
    const { inputs, failures } = checkResource(
      remoteCommand as AnyResource,
      {},
      { connection: { host: UNKNOWN }, create: "x", triggers: [UNKNOWN] },
      "step",
    );
    const outputs = previewOutputs(remoteCommand as AnyResource, inputs);

    expect(failures).toEqual([]);
    expect(outputs).toMatchObject({ create: "x", stdout: UNKNOWN, stderr: UNKNOWN });
    expect(previewOutputs(remoteCommand as AnyResource, inputs, { stdout: "old" })["stdout"]).toBe(UNKNOWN);
  });
});

describe("local.Command", () => {
  it("runs in its folder with its environment, interpreter and input", async () => {
    const { id, outputs } = await localCommand.create(
      {
        create: 'pwd; echo "$A"; cat',
        dir,
        environment: { A: "b" },
        stdin: "in",
        interpreter: ["/bin/bash", "-ec"],
      },
      recordedContext(),
    );

    expect(outputs.stdout).toBe(`${dir}\nb\nin`);
    expect(id).toMatch(/^thing[0-9a-f]{8}$/);
  });

  it("hands the previous output to the next run unless told not to", async () => {
    const state = { stdout: "old", stderr: "" };
    const update = async (change: object): Promise<string | undefined> =>
      (
        await localCommand.update?.(
          "id",
          state,
          { create: 'echo "[$PULUMI_COMMAND_STDOUT]"', ...change },
          recordedContext(),
          {},
        )
      )?.stdout;

    expect(await update({})).toBe("[old]");
    expect(await update({ addPreviousOutputInEnv: false })).toBe("[]");
  });

  it("fails with exit status, command and output, and for a folder that is not there", async () => {
    const failing = (inputs: object): Promise<unknown> =>
      localCommand.create({ ...inputs }, recordedContext());

    await expect(failing({ create: "echo out; exit 4" })).rejects.toThrow(
      'exit status 4: running "echo out; exit 4":\nout\n',
    );
    await expect(failing({ create: "true", dir: join(dir, "none") })).rejects.toThrow(
      "no such file or directory",
    );
  });

  it("ends a cancelled command and its children", async () => {
    const cancel = new AbortController();
    const context = recordedContext(cancel.signal);
    const running = localCommand.create({ create: "sleep 60 & echo $!; wait" }, context);
    running.catch(() => undefined);
    await expect.poll(() => context.lines.length).toBe(1);
    cancel.abort();

    await expect(running).rejects.toThrow("signal: killed");
    const child = Number(context.lines[0]?.split(" ")[1]);
    const isRunning = (): boolean =>
      existsSync(`/proc/${child}`) && !readFileSync(`/proc/${child}/stat`, "utf8").includes(") Z ");
    await expect.poll(isRunning).toBe(false);
  });

  it("returns the files that globs name", async () => {
    const folder = join(dir, "globs");
    mkdirSync(join(folder, "assets/logos"), { recursive: true });
    mkdirSync(join(folder, "src"));
    for (const path of ["assets/logos/logo.svg", "src/index.js", "src/secret.js"])
      writeFileSync(join(folder, path), path);
    const globs = ["assets/**", "src/**.js", "!**secret.*"];
    const { outputs } = await localCommand.create(
      { create: "true", dir: folder, assetPaths: globs, archivePaths: ["src/*"] },
      recordedContext(),
    );

    expect(Object.keys(outputs.assets ?? {})).toEqual(["assets/logos/logo.svg", "src/index.js"]);
    expect(Object.keys(outputs.archive?.content.assets ?? {})).toEqual(["src/index.js", "src/secret.js"]);
    expect(outputs.assets?.["src/index.js"]?.content).toMatchObject({
      path: join(folder, "src/index.js"),
      hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
  });

  it.each([
    ["*.js", "a.js", true],
    ["*.js", "a/b.js", false],
    ["a?c", "abc", true],
    ["a?c", "a/c", false],
    ["[!a-c]x", "dx", true],
    ["[!a-c]x", "bx", false],
    ["{a,b}.(x)", "b.(x)", true],
    ["\\*", "*", true],
    ["\\*", "x", false],
  ])("reads the glob %s: %s %s", (glob, path, isMatch) => {
    expect(globPattern(glob).test(path)).toBe(isMatch);
  });
});

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
      checkResource(
        copyToRemote as AnyResource,
        {},
        { connection: { host: "h" }, source, remotePath: "/x" },
        "copy",
      ).failures;

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
