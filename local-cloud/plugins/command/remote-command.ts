import { constants } from "node:os";
import type { Client, ClientChannel } from "ssh2";
import { UNKNOWN, type Context, type ResourceType } from "../lib";
import {
  OutputCollector,
  previousOutput,
  uniqueId,
  type LifecycleInputs,
  type Logging,
  type RunOutputs,
} from "./run";
import { execWithEnvironment, type RemoteVariable } from "./ssh-environment";
import { withConnection, type Connection } from "./ssh-connection";
import { remoteCommandInputs, remoteCommandOutputs } from "./tables";

interface Inputs extends LifecycleInputs {
  readonly connection: Connection;
  readonly addPreviousOutputInEnv?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  readonly logging?: Logging;
  readonly stdin?: string;
}

type State = Inputs & RunOutputs;

const NO_OUTPUTS: RunOutputs = { stdout: "", stderr: "" };

export const remoteCommand: ResourceType<Inputs, State> = {
  schema: { inputs: remoteCommandInputs, outputs: remoteCommandOutputs },
  preview: () => ({ stdout: UNKNOWN, stderr: UNKNOWN }) as never,
  async create(inputs, context) {
    const outputs =
      inputs.create === undefined ? NO_OUTPUTS : await run(inputs.create, inputs, NO_OUTPUTS, context);
    return { id: uniqueId(context.name), outputs: { ...inputs, ...outputs } };
  },
  async update(_id, { stdout, stderr }, news, context) {
    const command = news.update ?? news.create;
    const previous = { stdout, stderr };
    return { ...news, ...(command === undefined ? previous : await run(command, news, previous, context)) };
  },
  async delete(_id, state, context) {
    if (state.delete !== undefined) await run(state.delete, state, state, context);
  },
};

function run(command: string, inputs: Inputs, previous: RunOutputs, context: Context): Promise<RunOutputs> {
  const wanted = variables(inputs.environment ?? {}, true);
  const offered = variables(previousOutput(inputs.addPreviousOutputInEnv, previous), false);
  return withConnection(inputs.connection, context, async (client) => {
    const channel = await execWithEnvironment(client, command, [...wanted, ...offered], context.log);
    const output = new OutputCollector(inputs.logging, context.log);
    const reason = await finished(client, channel, inputs.stdin, output);
    if (reason !== undefined) throw output.failure(reason, command);
    return output.finish();
  });
}

function variables(environment: Readonly<Record<string, string>>, isRequired: boolean): RemoteVariable[] {
  return Object.entries(environment).map(([name, value]) => ({ name, value, isRequired }));
}

/** Waits for a command's end; resolves to the reason of a failure in the words of Go's ssh package. */
function finished(
  client: Client,
  channel: ClientChannel,
  stdin: string | undefined,
  output: OutputCollector,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    let reason: string | undefined = "wait: remote command exited without exit status or exit signal";
    channel.on("data", (chunk: Buffer) => output.add("stdout", chunk));
    channel.stderr.on("data", (chunk: Buffer) => output.add("stderr", chunk));
    channel.on("exit", (code: number | null, signal?: string) => (reason = exitReason(code, signal)));
    channel.on("close", () => resolve(reason));
    channel.on("error", () => undefined); // a command may end before it has read all of its input
    client.on("close", () => resolve(reason));
    channel.end(stdin ?? "");
  });
}

function exitReason(code: number | null, signal: string | undefined): string | undefined {
  if (code === 0) return undefined;
  if (code !== null) return `Process exited with status ${code}`;
  const name = (signal ?? "").replace(/^SIG/, "");
  const numbers: Readonly<Record<string, number>> = constants.signals; // the host may have others
  const status = 128 + (numbers[`SIG${name}`] ?? 0);
  return `Process exited with status ${status} from signal ${name}`;
}
