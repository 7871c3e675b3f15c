import { Command } from "commander";
import { applicationService } from "../deploy/plan";
import { checkReached, checkService, consoleCommand, withContainer } from "../operations/service";
import { PulumiStack } from "../pulumi";
import { openShell } from "../ssh";
import { serverOf } from "../stack-server";
import { projectSystem } from "../system";

const EXAMPLES = `
Runs a command in the service's running container, as its user, with the secrets that the service itself has. Without
one it is the console that the system names. A terminal is passed through when
there is one; otherwise the command reads what is piped in.

Examples:
  homeport console
  homeport console db
  homeport console web -- bin/rails db:migrate:status
  echo 'puts Run.count' | homeport console

The exit code is the command's; 1 when there is no container or no connection, 2 for a wrong option.`;

export function consoleCommandLine(): Command {
  return new Command("console")
    .argument("[service]", "one of the system's services, or proxy (default: the application)")
    .argument("[command...]", "command instead of the service's console, after --")
    .option("--stack <name>", "stack whose server it is (default: the selected one)")
    .addHelpText("after", EXAMPLES)
    .action(runConsole);
}

async function runConsole(
  typed: string | undefined,
  words: readonly string[],
  options: { readonly stack?: string },
): Promise<void> {
  const system = projectSystem();
  const service = checkService(system, typed ?? applicationService(system));
  const isTty = process.stdin.isTTY && process.stdout.isTTY;
  const command = consoleCommand(system, service, words, isTty);
  const stack = await PulumiStack.select(options.stack);
  const [config, state] = await Promise.all([stack.config(), stack.export()]);
  const line = withContainer(system, service, command, true);
  const code = await openShell(serverOf(stack.name, config, state), [line], isTty);
  checkReached(code, service);
  process.exitCode = code;
}
