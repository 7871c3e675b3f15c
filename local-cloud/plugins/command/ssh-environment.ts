import type { Client, ClientChannel } from "ssh2";
import type { Context } from "../lib";

export interface RemoteVariable {
  readonly name: string;
  readonly value: string;
  /** Whether a server that refuses it is a failure, or only worth a warning. */
  readonly isRequired: boolean;
}

type Reply = (refused: unknown) => void;

/**
 * The parts of ssh2 that this file reaches into: its public `exec` sends variables without asking
 * whether the server takes them, and a refused one must stop the command before it runs.
 */
interface Internals {
  readonly _chanMgr: { get(id: number): { _callbacks: Reply[] } };
  readonly _protocol: {
    env(channel: number, name: string, value: string, wantReply: boolean): void;
    exec(channel: number, command: string, wantReply: boolean): void;
  };
}

const LOCAL_ID_OF_FIRST_CHANNEL = 0;

/** Runs a command as the first of a connection, with variables that the server's AcceptEnv must allow. */
export function execWithEnvironment(
  client: Client,
  command: string,
  variables: readonly RemoteVariable[],
  log: Context["log"],
): Promise<ClientChannel> {
  const { _protocol: protocol, _chanMgr: channels } = client as unknown as Internals;
  const sendExec = protocol.exec.bind(protocol);
  return new Promise((resolve, reject) => {
    protocol.exec = (id, text, wantReply) => {
      const { _callbacks: replies } = channels.get(LOCAL_ID_OF_FIRST_CHANNEL);
      const onExec = replies.pop() as Reply;
      const next = (waiting: readonly RemoteVariable[]): void => {
        const [variable, ...rest] = waiting;
        if (!variable) {
          replies.push(onExec);
          return sendExec(id, text, wantReply);
        }
        replies.push((refused) => {
          if (refused) log(variable.isRequired ? "error" : "warning", refusal(variable.name));
          if (refused && variable.isRequired) {
            const name = JSON.stringify(variable.name);
            reject(new Error(`could not set environment variable ${name}: ssh: setenv failed`));
          } else next(rest);
        });
        protocol.env(id, variable.name, variable.value, true);
      };
      next(variables);
    };
    client.exec(command, (error, channel) => (error ? reject(error) : resolve(channel)));
    client.on("close", () => reject(new Error("the connection was closed before the command ran")));
  });
}

function refusal(name: string): string {
  return (
    `Unable to set '${name}'. This only works if your SSH server is configured to accept these variables ` +
    "via AcceptEnv. Alternatively, if a Bash-like shell runs the command on the remote host, you could " +
    "prefix the command itself with the variables in the form 'VAR=value command'"
  );
}
