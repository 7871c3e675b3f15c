import { Command } from "commander";
import { EXIT } from "../cli-error";
import { printJson, printResult, runSteps } from "../output";
import { PulumiStack } from "../pulumi";
import { describeRestore, restoreCopy, type RestoreEvidence } from "../recovery/copies";
import { serverOf } from "../stack-server";

interface VerifyOptions {
  readonly stack?: string;
  readonly json?: boolean;
}

export function backupVerifyCommand(): Command {
  return new Command("verify")
    .description("read every byte of the repository, restore the newest copy into scratch and compare it")
    .option("--stack <name>", "stack whose copies they are (default: the selected one)")
    .option("--json", "print the result as JSON")
    .addHelpText("after", "\nExit codes: 0 the newest copy is whole, 1 something is damaged")
    .action(async (options: VerifyOptions) => {
      const isJson = options.json === true;
      const stack = await PulumiStack.select(options.stack);
      const [config, state] = await Promise.all([stack.config(), stack.export()]);
      const server = serverOf(stack.name, config, state);
      const found: RestoreEvidence[] = [];
      const run = async (): Promise<void> => {
        found.push(await restoreCopy(server, { into: "scratch", isChecked: true }));
      };
      await runSteps([{ title: "check the repository, restore and compare the newest copy", run }], isJson);
      const isWhole = found.every(({ skipped }) => skipped.length === 0);
      if (isJson) printJson({ ok: isWhole, restores: found });
      else printResult(found.map(describeRestore).join("\n"));
      process.exitCode = isWhole ? EXIT.ok : EXIT.failed;
    });
}
