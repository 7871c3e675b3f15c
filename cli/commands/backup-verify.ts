import { Command } from "commander";
import { EXIT } from "../cli-error";
import { printJson, printResult, runSteps, type Step } from "../output";
import { PulumiStack } from "../pulumi";
import { DATABASE_OPTION, backedUpOf } from "../recovery/databases";
import { describeRestore, restoreCopy, type RestoreEvidence } from "../recovery/copies";
import { serverOf } from "../stack-server";
import { projectSystem } from "../system";

interface VerifyOptions {
  readonly stack?: string;
  readonly database?: string;
  readonly json?: boolean;
}

export function backupVerifyCommand(): Command {
  return new Command("verify")
    .description("read every byte of the repository, restore each newest copy into scratch and compare it")
    .option("--stack <name>", "stack whose copies they are (default: the selected one)")
    .option(...DATABASE_OPTION)
    .option("--json", "print the result as JSON")
    .addHelpText("after", "\nExit codes: 0 the newest copy is whole, 1 something is damaged")
    .action(async (options: VerifyOptions) => {
      const databases = backedUpOf(projectSystem(), options.database);
      const isJson = options.json === true;
      const stack = await PulumiStack.select(options.stack);
      const [config, state] = await Promise.all([stack.config(), stack.export()]);
      const server = serverOf(stack.name, config, state);
      const found: RestoreEvidence[] = [];
      const steps = databases.map((each, index): Step => ({
        title: `${index === 0 ? "check the repository, " : ""}restore and compare the newest copy of ${each.database}`,
        run: async () => {
          // one repository for all of them: its bytes are read once
          found.push(await restoreCopy(server, each, { into: "scratch", isChecked: index === 0 }));
        },
      }));
      await runSteps(steps, isJson);
      const isWhole = found.every(({ skipped }) => skipped.length === 0);
      if (isJson) printJson({ ok: isWhole, restores: found });
      else printResult(found.map(describeRestore).join("\n"));
      process.exitCode = isWhole ? EXIT.ok : EXIT.failed;
    });
}
