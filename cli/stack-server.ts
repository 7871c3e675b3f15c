import { failed } from "./cli-error";
import type { StackConfig } from "./pulumi";
import { writeStackSshFiles } from "./stack-config";
import { stackOutputs, type StackExport } from "./stack-state";
import type { Server } from "./ssh";

/** The stack's server with its SSH files written anew. @throws CliError when there is none. */
export function serverOf(stack: string, config: StackConfig, state: StackExport): Server {
  const address = stackOutputs(state).serverIp;
  if (typeof address !== "string") {
    throw failed(`stack ${stack} has no server; fix: homeport deploy --stack ${stack}`);
  }
  return { address, sshConfig: writeStackSshFiles(stack, config).config };
}
