import { Command } from "commander";
import { EXIT } from "../cli-error";
import { printJson, printResult, runSteps, type Step } from "../output";
import { PulumiStack } from "../pulumi";
import { archivesOf, checkArchive, describeArchive, type ArchiveEvidence } from "../recovery/archives";
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
    .description(
      "read every byte of the repository and the archive, restore each newest copy into scratch and compare it",
    )
    .option("--stack <name>", "stack whose copies they are (default: the selected one)")
    .option(...DATABASE_OPTION)
    .option("--json", "print the result as JSON")
    .addHelpText("after", "\nExit codes: 0 the newest copy is whole, 1 something is damaged")
    .action(async (options: VerifyOptions) => {
      const system = projectSystem();
      const databases = backedUpOf(system, options.database);
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
      const archives: ArchiveEvidence[] = [];
      const archiveSteps = archivesOf(system, databases).map((folder): Step => ({
        title: `read the archive of ${folder}, and replay it to its end`,
        run: async (note) => {
          const evidence = await checkArchive(server, folder);
          archives.push(evidence);
          note(describeArchive(evidence).split("\n")[0] ?? "");
        },
      }));
      await runSteps([...steps, ...archiveSteps], isJson);
      const isWhole =
        found.every(({ skipped }) => skipped.length === 0) &&
        archives.every(({ damaged }) => damaged.length === 0);
      if (isJson) printJson({ ok: isWhole, restores: found, archives });
      else printResult([...found.map(describeRestore), ...archives.map(describeArchive)].join("\n"));
      process.exitCode = isWhole ? EXIT.ok : EXIT.failed;
    });
}
