import { Command } from "commander";
import { printJson, printResult, table } from "../output";
import { PulumiStack } from "../pulumi";
import { listCopies } from "../recovery/copies";
import { serverOf } from "../stack-server";

interface ListOptions {
  readonly stack?: string;
  readonly json?: boolean;
}

export function backupListCommand(): Command {
  return new Command("list")
    .description("list the copies in the repository, newest first")
    .option("--stack <name>", "stack whose copies they are (default: the selected one)")
    .option("--json", "print the result as JSON")
    .action(async (options: ListOptions) => {
      const stack = await PulumiStack.select(options.stack);
      const [config, state] = await Promise.all([stack.config(), stack.export()]);
      const copies = await listCopies(serverOf(stack.name, config, state));
      if (options.json === true) printJson({ ok: true, copies });
      else if (copies.length === 0) printResult("no copies yet; homeport backup now takes one");
      else printResult(table(copies.map(({ id, time }) => [id.slice(0, 8), time])));
    });
}
