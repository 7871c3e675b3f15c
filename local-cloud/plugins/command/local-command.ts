import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { Archive, UNKNOWN, type Asset, type Context, type FunctionType, type ResourceType } from "../lib";
import { assetsBelow } from "./globs";
import {
  OutputCollector,
  previousOutput,
  uniqueId,
  type LifecycleInputs,
  type Logging,
  type RunOutputs,
} from "./run";
import { localCommandInputs, localOutputs, localRunInputs } from "./tables";

interface BaseInputs {
  readonly addPreviousOutputInEnv?: boolean;
  readonly archivePaths?: readonly string[];
  readonly assetPaths?: readonly string[];
  readonly dir?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly interpreter?: readonly string[];
  readonly logging?: Logging;
  readonly stdin?: string;
}

interface BaseOutputs extends RunOutputs {
  readonly assets?: Readonly<Record<string, Asset>>;
  readonly archive?: Archive;
}

type Inputs = LifecycleInputs & BaseInputs;
type State = Inputs & BaseOutputs;

const NO_OUTPUTS: BaseOutputs = { stdout: "", stderr: "" };

/** Outputs of the last run, without the inputs that stand beside them in the state. */
function outputsOf({ stdout, stderr, assets, archive }: State): BaseOutputs {
  return { stdout, stderr, ...(assets && { assets }), ...(archive && { archive }) };
}

export const localCommand: ResourceType<Inputs, State> = {
  schema: { inputs: localCommandInputs, outputs: localOutputs },
  preview: () => ({ stdout: UNKNOWN, stderr: UNKNOWN, assets: UNKNOWN, archive: UNKNOWN }) as never,
  async create(inputs, context) {
    const outputs =
      inputs.create === undefined ? NO_OUTPUTS : await run(inputs.create, inputs, NO_OUTPUTS, context);
    return { id: uniqueId(context.name), outputs: { ...inputs, ...outputs } };
  },
  async update(_id, state, news, context) {
    const command = news.update ?? news.create;
    const previous = outputsOf(state);
    return { ...news, ...(command === undefined ? previous : await run(command, news, previous, context)) };
  },
  async delete(_id, state, context) {
    if (state.delete !== undefined) await run(state.delete, state, outputsOf(state), context);
  },
};

type RunArgs = BaseInputs & { readonly command: string };

/** `command.local.run`: on every preview and every update. */
export const localRun: FunctionType<RunArgs, RunArgs & BaseOutputs> = {
  schema: { inputs: localRunInputs, outputs: localOutputs },
  invoke: async (args, context) => ({ ...args, ...(await run(args.command, args, NO_OUTPUTS, context)) }),
};

async function run(
  command: string,
  inputs: BaseInputs,
  previous: BaseOutputs,
  context: Context,
): Promise<BaseOutputs> {
  const dir = inputs.dir ?? process.cwd();
  const output = new OutputCollector(inputs.logging, context.log);
  if (!existsSync(dir)) throw output.failure(`chdir ${dir}: no such file or directory`, command);
  const reason = await execute(command, dir, inputs, previous, output, context.signal);
  if (reason !== undefined) throw output.failure(reason, command);
  const { assets, archive } = previous;
  return {
    ...(assets && { assets }),
    ...(archive && { archive }),
    ...(inputs.assetPaths && { assets: assetsBelow(dir, inputs.assetPaths) }),
    ...(inputs.archivePaths && { archive: new Archive({ assets: assetsBelow(dir, inputs.archivePaths) }) }),
    ...output.finish(),
  };
}

/** Runs a command to its end; resolves to the reason of a failure in Go's words. */
function execute(
  command: string,
  dir: string,
  inputs: BaseInputs,
  previous: BaseOutputs,
  output: OutputCollector,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [program = "/bin/sh", ...args] = inputs.interpreter?.length ? inputs.interpreter : ["/bin/sh", "-c"];
  const child = spawn(program, [...args, command], {
    cwd: dir,
    env: {
      ...process.env,
      ...inputs.environment,
      ...previousOutput(inputs.addPreviousOutputInEnv, previous),
    },
    stdio: [inputs.stdin ? "pipe" : "ignore", "pipe", "pipe"],
    detached: true, // a group of its own, so that a cancellation ends its children, too
  });
  const kill = (): void => {
    if (child.pid !== undefined) killGroup(child.pid);
  };
  if (signal.aborted) kill();
  signal.addEventListener("abort", kill);
  child.stdin?.on("error", () => undefined).end(inputs.stdin); // a command may end before it has read all
  child.stdout?.on("data", (chunk: Buffer) => output.add("stdout", chunk));
  child.stderr?.on("data", (chunk: Buffer) => output.add("stderr", chunk));
  return new Promise<string | undefined>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, name) => {
      if (name) resolve(`signal: ${SIGNAL_NAMES[name] ?? `signal ${constants.signals[name]}`}`);
      else resolve(code === 0 ? undefined : `exit status ${code}`);
    });
  }).finally(() => signal.removeEventListener("abort", kill));
}

const SIGNAL_NAMES: Partial<Record<NodeJS.Signals, string>> = {
  SIGKILL: "killed",
  SIGTERM: "terminated",
  SIGINT: "interrupt",
  SIGHUP: "hangup",
  SIGSEGV: "segmentation fault",
  SIGABRT: "aborted",
};

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // it has ended already
  }
}
