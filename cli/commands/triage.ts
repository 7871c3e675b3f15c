import { Command } from "commander";
import type { System } from "../../components/lib/system";
import { EXIT, failed } from "../cli-error";
import { checkService, partNames } from "../operations/service";
import { LOG_LINES, renderTriage, triageOf, type PartState } from "../operations/triage";
import { printJson, printResult } from "../output";
import { remoteScript } from "../project";
import { PulumiStack } from "../pulumi";
import { lastLine } from "../run";
import { runScriptAsRoot, type Server } from "../ssh";
import { serverOf } from "../stack-server";
import { projectSystem } from "../system";
import { answersOf } from "../verify";

const EXAMPLES = `
What is wrong, at a glance: every container and unit with its state and restarts; which of the system's own requests
(its checks) are not answered as they should be, with where to look; and the last ${LOG_LINES} lines of what is not
well, or of the service that is named. Values of secrets are taken out of all of it.

Examples:
  homeport triage
  homeport triage api
  homeport triage --json | jq '.hints'

Exit codes: 0 everything runs and answers, 1 something does not, or no connection, 2 a wrong option`;

const TIMEOUT_SECONDS = 60;

export function triageCommand(): Command {
  return new Command("triage")
    .argument("[service]", "service or unit whose log is shown in any case")
    .option("--stack <name>", "stack whose server it is (default: the selected one)")
    .option("--json", "print the result as JSON")
    .addHelpText("after", EXAMPLES)
    .action(runTriage);
}

async function runTriage(
  typed: string | undefined,
  options: { readonly stack?: string; readonly json?: boolean },
): Promise<void> {
  const system = projectSystem();
  const service = typed === undefined ? "" : checkService(system, typed, partNames(system));
  const stack = await PulumiStack.select(options.stack);
  const [config, state] = await Promise.all([stack.config(), stack.export(true)]);
  const [parts, { results, secrets }] = await Promise.all([
    partsOf(serverOf(stack.name, config, state), system, service),
    answersOf(stack.name, config, state),
  ]);
  const triage = triageOf(system, parts, results, secrets);
  if (options.json === true) printJson({ ...triage, stack: stack.name });
  else printResult(renderTriage(triage));
  process.exitCode = triage.ok ? EXIT.ok : EXIT.failed;
}

async function partsOf(server: Server, system: System, service: string): Promise<PartState[]> {
  const units = system.units.map(({ name }) => name);
  const question = JSON.stringify({ system: system.name, units, service, lines: LOG_LINES });
  const words = [Buffer.from(question).toString("base64")];
  const result = await runScriptAsRoot(server, remoteScript("triage.sh"), words, TIMEOUT_SECONDS);
  if (result.code === 0) return JSON.parse(result.stdout) as PartState[];
  throw failed(`the host could not be looked at: ${lastLine(result.stderr)}; fix: homeport ssh, then look`);
}
