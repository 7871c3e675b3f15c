import { Argument, Command } from "commander";
import { EXIT, usage } from "../cli-error";
import { contextOf } from "../deploy/plan";
import { formatLintFault, lintApplication, patchOf, PRODUCTION } from "../lint/application";
import { printJson, printResult, say } from "../output";
import { PulumiStack } from "../pulumi";
import { projectSystem } from "../system";

const EXAMPLES = `
Checks that a Rails application knows it stands behind a proxy that ends TLS: config.assume_ssl, config.force_ssl, and
the host of links in mails. What is wrong goes to stderr, the patch that mends it to stdout. homeport deploy does the
same before it builds.

The folder: --context, else local-cloud/apps/<system> for a local cloud, else ./app beside Pulumi.yaml.

Examples:
  homeport lint app --context ~/src/app
  homeport lint app --context . | git apply

Exit codes: 0 nothing to mend, 1 something, 2 a wrong option or no Rails application there`;

interface LintOptions {
  readonly stack?: string;
  readonly context?: string;
  readonly json?: boolean;
}

export function lintCommand(): Command {
  return new Command("lint")
    .addArgument(new Argument("<what>", "what to check").choices(["app"]))
    .option("--stack <name>", "stack whose domain it is (default: the selected one)")
    .option("--context <dir>", "the application's folder")
    .option("--json", "print the result as JSON")
    .addHelpText("after", EXAMPLES)
    .action(runLint);
}

async function runLint(_what: string, options: LintOptions): Promise<void> {
  const stack = await PulumiStack.select(options.stack);
  const config = await stack.config();
  const context = contextOf(options.context, config, projectSystem());
  const linted = lintApplication(context, config);
  if (linted === undefined) {
    throw usage(
      `--context: must be a Rails application's folder, got ${context} without ${PRODUCTION}; fix: homeport lint app --context DIR`,
    );
  }
  const { faults } = linted;
  const patch = faults.length === 0 ? "" : await patchOf(context, linted);
  if (options.json === true) printJson({ ok: faults.length === 0, file: PRODUCTION, faults, patch });
  else if (patch !== "") printResult(patch);
  if (options.json !== true) {
    faults.forEach((fault) => say(`homeport: ${formatLintFault(fault, context)}`));
    if (faults.length === 0) say(`${PRODUCTION}: nothing to mend`);
  }
  process.exitCode = faults.length === 0 ? EXIT.ok : EXIT.failed;
}
