import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { localRun } from "../../local-cloud/plugins/command/local-command";
import { remoteCommand } from "../../local-cloud/plugins/command/remote-command";
import type { Connection } from "../../local-cloud/plugins/command/ssh-connection";
import * as tables from "../../local-cloud/plugins/command/tables";
import { checkResource, diffResource, previewOutputs } from "../../local-cloud/plugins/lib/lifecycle";
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
      remoteCommand,
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

    const error = await failing.catch((e: unknown) => (e as Error).message);
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
    diffResource(remoteCommand, "id", {}, olds, { ...olds, ...news }, []);

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
      remoteCommand,
      {},
      { connection: { host: UNKNOWN }, create: "x", triggers: [UNKNOWN] },
      "step",
    );
    const outputs = previewOutputs(remoteCommand, inputs);

    expect(failures).toEqual([]);
    expect(outputs).toMatchObject({ create: "x", stdout: UNKNOWN, stderr: UNKNOWN });
    expect(previewOutputs(remoteCommand, inputs, { stdout: "old" })["stdout"]).toBe(UNKNOWN);
  });
});
