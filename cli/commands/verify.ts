import { Command } from "commander";
import { EXIT } from "../cli-error";
import { isInteractive, printJson, printResult, say, table } from "../output";
import { PulumiStack } from "../pulumi";
import { verifyStack } from "../verify";
import type { CheckResult } from "../verify/run-checks";

const EXAMPLES = `
Asks the two APIs, the host (over one SSH connection), the resolver and the site itself. Changes nothing.
HOMEPORT_EDGE, HOMEPORT_CA and HOMEPORT_DNS give the way to a local cloud's edge (npm run -s local:env).

Examples:
  homeport verify
  homeport verify --stack prod --json | jq '.checks[] | select(.ok | not)'

Exit codes: 0 every check passed, 1 a check failed, 2 a wrong option or a fault in the stack's config`;

export function verifyCommand(): Command {
  return new Command("verify")
    .option("--stack <name>", "stack to prove (default: the selected one)")
    .option("--json", "print the result as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (options: { readonly stack?: string; readonly json?: boolean }) => {
      const stack = await PulumiStack.select(options.stack);
      const isProven = await verifyAndReport(stack, options.json === true);
      process.exitCode = isProven ? EXIT.ok : EXIT.failed;
    });
}

/** Runs the checks with progress and prints their table, or JSON. True when all passed. */
export async function verifyAndReport(stack: PulumiStack, isJson: boolean): Promise<boolean> {
  const start = performance.now();
  const progress = createProgress(isJson);
  const results = await verifyStack(stack, progress.onResult);
  progress.end();
  const seconds = (performance.now() - start) / 1000;
  const failures = results.filter(({ verdict }) => !verdict.ok);
  if (isJson) printJson(asJson(stack.name, results));
  else {
    printResult(renderResults(results));
    const passed = results.length - failures.length;
    printResult(`\n${passed} of ${results.length} checks passed in ${seconds.toFixed(1)} s`);
  }
  return failures.length === 0;
}

/** One row per check; under a failed one, what to do. */
export function renderResults(results: readonly CheckResult[]): string {
  const rows = results.map(({ id, title, verdict, seconds }) => [
    verdict.ok ? "✔" : "✖",
    id,
    title,
    `${seconds.toFixed(1)} s`,
    verdict.ok ? verdict.evidence : verdict.found,
  ]);
  const lines = table(rows).split("\n");
  return results
    .map(({ verdict }, index) => (verdict.ok ? lines[index] : `${lines[index]}\n    fix: ${verdict.fix}`))
    .join("\n");
}

function asJson(stack: string, results: readonly CheckResult[]): unknown {
  return {
    ok: results.every(({ verdict }) => verdict.ok),
    stack,
    checks: results.map(({ verdict, ...check }) => ({ ...check, ...verdict })),
  };
}

/** A counter that is drawn over itself on a terminal; nothing elsewhere, since the table says it all. */
function createProgress(isJson: boolean): {
  readonly onResult: (result: CheckResult) => void;
  readonly end: () => void;
} {
  let count = 0;
  const isDrawn = isInteractive(isJson);
  if (!isDrawn && !isJson) say("checking…");
  return {
    onResult: ({ title }) => {
      count += 1;
      if (isDrawn) process.stderr.write(`\r\u001b[K${count} checked: ${title}`);
    },
    end: () => {
      if (isDrawn) process.stderr.write("\r\u001b[K");
    },
  };
}
