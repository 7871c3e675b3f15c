import { Command } from "commander";
import { PulumiStack } from "../pulumi";
import { openShell } from "../ssh";
import { serverOf } from "../stack-server";

const EXAMPLES = `
Examples:
  homeport ssh
  homeport ssh --stack prod -- sudo docker ps
  homeport ssh -- sudo journalctl -u docker --since today

The exit code is the remote command's; 255 when the connection failed.`;

export function sshCommand(): Command {
  return new Command("ssh")
    .option("--stack <name>", "stack whose server it is (default: the selected one)")
    .argument("[command...]", "command to run instead of a shell, after --")
    .addHelpText("after", EXAMPLES)
    .action(async (command: readonly string[], options: { readonly stack?: string }) => {
      const stack = await PulumiStack.select(options.stack);
      const [config, state] = await Promise.all([stack.config(), stack.export()]);
      process.exitCode = await openShell(serverOf(stack.name, config, state), command);
    });
}
