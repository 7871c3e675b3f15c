import { Command } from "commander";
import { pruneCopies, type PruneResult } from "../backup/prune";
import { printJson, printResult } from "../output";
import { PulumiStack } from "../pulumi";
import { checkedConfig } from "../stack-config";
import { projectSystem } from "../system";

interface PruneOptions {
  readonly stack?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const HELP = `
Run it elsewhere than on the server, with a key that may delete: HOMEPORT_BACKUP_PRUNE_ACCESS_KEY_ID and
HOMEPORT_BACKUP_PRUNE_SECRET_ACCESS_KEY. The server's own key may not, so that whoever takes the server over cannot
take its past. Of a repository over SFTP, where no key can be kept from deleting, it is the stack's own key, and nothing is
read from the environment. What stays is homeport:backupKeep, and always the newest copy. Needs restic on this machine.

Exit codes: 0 done, 1 failed, 2 a wrong option or no such key, 3 refused: the newest copy lost nearly every row`;

export function backupPruneCommand(): Command {
  return new Command("prune")
    .description("expire old copies in the repository")
    .option("--stack <name>", "stack whose copies they are (default: the selected one)")
    .option("--dry-run", "say what would go, and delete nothing")
    .option("--json", "print the result as JSON")
    .addHelpText("after", HELP)
    .action(async (options: PruneOptions) => {
      const stack = await PulumiStack.select(options.stack);
      const config = checkedConfig(stack.name, await stack.config());
      const result = await pruneCopies(config, projectSystem(), process.env, options.dryRun === true);
      if (options.json === true) printJson({ ok: true, stack: stack.name, ...result });
      else printResult(describe(result, options.dryRun === true));
    });
}

function describe({ kept, removed }: PruneResult, isDry: boolean): string {
  return `${removed} ${removed === 1 ? "copy" : "copies"} ${isDry ? "would go" : "removed"}, ${kept} kept`;
}
