import { Command } from "commander";
import { printJson, printResult, table } from "../output";
import { PulumiStack } from "../pulumi";
import { listCopies } from "../recovery/copies";
import { DATABASE_OPTION, backedUpOf } from "../recovery/databases";
import { serverOf } from "../stack-server";
import { projectSystem } from "../system";

interface ListOptions {
  readonly stack?: string;
  readonly database?: string;
  readonly json?: boolean;
}

export function backupListCommand(): Command {
  return new Command("list")
    .description("list the copies in the repository, newest first")
    .option("--stack <name>", "stack whose copies they are (default: the selected one)")
    .option(...DATABASE_OPTION)
    .option("--json", "print the result as JSON")
    .action(async (options: ListOptions) => {
      const databases = backedUpOf(projectSystem(), options.database);
      const stack = await PulumiStack.select(options.stack);
      const [config, state] = await Promise.all([stack.config(), stack.export()]);
      const server = serverOf(stack.name, config, state);
      const found = databases.map(async (each) =>
        (await listCopies(server, each)).map((copy) => ({ ...copy, database: each.database })),
      );
      const copies = (await Promise.all(found)).flat();
      if (options.json === true) printJson({ ok: true, copies });
      else if (copies.length === 0) printResult("no copies yet; homeport backup now takes one");
      else printResult(table(copies.map(({ id, time, database }) => [id.slice(0, 8), time, database])));
    });
}
