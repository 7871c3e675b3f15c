import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { globPattern } from "../../local-cloud/plugins/command/globs";
import { localCommand } from "../../local-cloud/plugins/command/local-command";
import { recordedContext } from "../support/plugin-context";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "plugin-command-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

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
