import { Command } from "commander";
import { EXIT } from "../cli-error";
import { applicationService } from "../deploy/plan";
import {
  checkReached,
  checkService,
  logsCommand,
  partNames,
  withContainer,
  type LogOptions,
} from "../operations/service";
import { unitLogsCommand, unitNamed } from "../operations/unit";
import { PulumiStack } from "../pulumi";
import { openShell } from "../ssh";
import { serverOf } from "../stack-server";
import { projectSystem } from "../system";

const EXAMPLES = `
Prints what the newest container of a service wrote, its stdout to stdout and its stderr to stderr.
--follow ends when that container does: after a new version, type it again. A unit's lines are the journal's.

Examples:
  homeport logs
  homeport logs proxy --since 10m
  homeport logs web --follow --lines 20
  homeport logs db --lines all | grep ERROR

Exit codes: 0 printed, 1 no container or no connection, 2 a wrong option`;

export function logsCommandLine(): Command {
  return new Command("logs")
    .argument("[service]", "one of the system's services or units, or proxy (default: the application)")
    .option("--stack <name>", "stack whose server it is (default: the selected one)")
    .option("--follow", "go on printing until Ctrl-C")
    .option("--since <time>", "from then on: 10m, 2h, or 2026-11-21T03:00:00Z")
    .option("--lines <count>", "the last ones, or all", "100")
    .addHelpText("after", EXAMPLES)
    .action(runLogs);
}

async function runLogs(
  typed: string | undefined,
  options: LogOptions & { readonly stack?: string },
): Promise<void> {
  const system = projectSystem();
  const service = checkService(system, typed ?? applicationService(system), partNames(system));
  const unit = unitNamed(system, service);
  const command =
    unit === undefined
      ? withContainer(system, service, logsCommand(options), false)
      : unitLogsCommand(unit, options);
  const stack = await PulumiStack.select(options.stack);
  const [config, state] = await Promise.all([stack.config(), stack.export()]);
  // a terminal of its own ends the remote command with the connection; without one it would follow forever
  const isTty = options.follow === true && process.stdin.isTTY && process.stdout.isTTY;
  const code = await openShell(serverOf(stack.name, config, state), [command], isTty);
  checkReached(code, service);
  process.exitCode = code === 0 || (options.follow === true && code === 130) ? EXIT.ok : EXIT.failed;
}
