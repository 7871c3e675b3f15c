import { Command, Option } from "commander";
import { refused, usage } from "../cli-error";
import { printJson, printResult, runSteps, type Step } from "../output";
import { PulumiStack } from "../pulumi";
import { DATABASE_OPTION, backedUpOf } from "../recovery/databases";
import { describeRestore, restoreCopy, type RestoreEvidence } from "../recovery/copies";
import { serverOf } from "../stack-server";
import { projectSystem } from "../system";

interface RestoreOptions {
  readonly stack?: string;
  readonly database?: string;
  readonly to?: string;
  readonly into: "scratch" | "live";
  readonly yes?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Loads the newest copy (or with --to the newest until then) of each database beside it and compares tables, rows and hashes with its
manifest; a damaged copy is told and the one before is taken. With --to, where the archive of the write-ahead log reaches
that time, what is loaded is the database as it was then, to the second. scratch drops it again. live then stops the application,
keeps what is there beside its backups as before_restore_….sql, puts the copy in its place and starts the application.

Examples:
  homeport restore                                   # a rehearsal: nothing changes
  homeport restore --into live --yes
  homeport restore --to 2026-11-20T02:59:00Z --into live --yes

Exit codes: 0 restored and equal, 1 failed (the database is as it was), 2 a wrong option, 3 refused: live without --yes`;

export function restoreCommand(): Command {
  return new Command("restore")
    .option("--stack <name>", "stack whose database it is (default: the selected one)")
    .option(...DATABASE_OPTION)
    .option("--to <time>", "the database as it was then, RFC 3339")
    .addOption(new Option("--into <where>", "where it goes").choices(["scratch", "live"]).default("scratch"))
    .option("--yes", "replace the live database without a question")
    .option("--json", "print the result as JSON")
    .addHelpText("after", EXAMPLES)
    .action(runRestore);
}

async function runRestore(options: RestoreOptions): Promise<void> {
  const databases = backedUpOf(projectSystem(), options.database);
  const to = options.to === undefined ? undefined : timeOf(options.to);
  if (options.into === "live" && options.yes !== true) {
    throw refused("--into live: replaces the database that is in use; fix: add --yes when you mean it");
  }
  const stack = await PulumiStack.select(options.stack);
  const [config, state] = await Promise.all([stack.config(), stack.export()]);
  const server = serverOf(stack.name, config, state);
  const found: RestoreEvidence[] = [];
  const steps = databases.map((each): Step => ({
    title: `restore ${each.database} into ${options.into} and compare`,
    run: async () => {
      found.push(await restoreCopy(server, each, { into: options.into, to }));
    },
  }));
  await runSteps(steps, options.json === true);
  if (options.json === true) printJson({ ok: true, restores: found });
  else printResult(found.map(describeRestore).join("\n"));
}

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** The time in UTC. @throws CliError (usage) for anything but RFC 3339: a day without a zone means two moments. */
export function timeOf(text: string): string {
  if (RFC3339.test(text) && !Number.isNaN(Date.parse(text))) return new Date(text).toISOString();
  throw usage(`--to: must be a time like 2026-11-20T02:59:00Z, got ${text}; fix: homeport backup list`);
}
