import { Command } from "commander";
import { failed } from "../cli-error";
import { printJson, runSteps, type Step } from "../output";
import { PulumiStack } from "../pulumi";
import { lastLine } from "../run";
import { runScriptAsRoot, type Server } from "../ssh";
import { serverOf } from "../stack-server";

interface NowOptions {
  readonly stack?: string;
  readonly drill?: boolean;
  readonly json?: boolean;
}

/** As long as the step of the first backup may take. */
const TIMEOUT_SECONDS = 7200;

const HELP = `
Runs on the server what its crontab runs at night, and its log has it too. With --drill the backup is then restored
into a scratch server and compared with its manifest.

Exit codes: 0 it is off the server (and restorable), 1 failed, 2 a wrong option`;

export function backupNowCommand(): Command {
  return new Command("now")
    .description("take a backup now")
    .option("--stack <name>", "stack to back up (default: the selected one)")
    .option("--drill", "restore it into a scratch server and compare")
    .option("--json", "print the result as JSON")
    .addHelpText("after", HELP)
    .action(runNow);
}

async function runNow(options: NowOptions): Promise<void> {
  const stack = await PulumiStack.select(options.stack);
  const [config, state] = await Promise.all([stack.config(), stack.export()]);
  const server = serverOf(stack.name, config, state);
  const isJson = options.json === true;
  const done: Record<string, string> = {};
  const scripts = ["backup", ...(options.drill === true ? ["drill"] : [])];
  const steps = scripts.map((script): Step => ({
    title: script,
    run: async (note) => {
      done[script] = await runOnEach(server, script);
      note(done[script]);
    },
  }));
  await runSteps(steps, isJson);
  if (isJson) printJson({ ok: true, stack: stack.name, ...done });
}

/** Each database's script, one after another; gives the last line that it said. */
async function runOnEach(server: Server, script: string): Promise<string> {
  const text = `set -euo pipefail
for folder in /opt/backups/*/; do
  "\${folder}${script}.sh" 2>&1 | tee -a "/var/log/$(basename "\${folder}")-backup.log"
done
exit`;
  const result = await runScriptAsRoot(server, text, [], TIMEOUT_SECONDS);
  const said = lastLine(`${result.stdout}\n${result.stderr}`);
  if (result.code !== 0)
    throw failed(`${script}: ${said}; fix: homeport ssh -- sudo tail /var/log/postgres-backup.log`);
  return said;
}
