import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Command } from "commander";
import { EXIT } from "../cli-error";
import { isInteractive, printJson, printResult, say, table } from "../output";
import { userPath } from "../project";
import { PulumiStack } from "../pulumi";
import { verifyStack } from "../verify";
import { renderHtml } from "../verify/html";
import { renderJunit } from "../verify/junit";
import type { Report } from "../verify/report";
import type { CheckResult } from "../verify/run-checks";
import { enterProjectOf, projectSystem } from "../system";

const EXAMPLES = `
Asks the two APIs, the host (over one SSH connection), the resolver and the site itself. Changes nothing.
HOMEPORT_EDGE, HOMEPORT_CA and HOMEPORT_DNS give the way to a local cloud's edge (npm run -s local:env).

Examples:
  homeport verify
  homeport verify --system shop
  homeport verify --stack prod --json | jq '.checks[] | select(.ok | not)'
  homeport verify --junit verify.xml --html verify.html

Exit codes: 0 every check passed, 1 a check failed, 2 a wrong option or a fault in the stack's config`;

export function verifyCommand(): Command {
  return new Command("verify")
    .option("--stack <name>", "stack to prove (default: the selected one)")
    .option(
      "--system <name>",
      "system to prove, another project's of this work tree (default: this project's)",
    )
    .option("--json", "print the result as JSON")
    .option("--junit <file>", "write the result as JUnit XML too")
    .option("--html <file>", "write the result as one HTML page too")
    .addHelpText("after", EXAMPLES)
    .action(async (options: VerifyOptions) => {
      if (options.system !== undefined) enterProjectOf(options.system);
      const stack = await PulumiStack.select(options.stack);
      const isProven = await verifyAndReport(stack, options.json === true, options);
      process.exitCode = isProven ? EXIT.ok : EXIT.failed;
    });
}

interface VerifyOptions extends ReportFiles {
  readonly stack?: string;
  readonly system?: string;
  readonly json?: boolean;
}

/** Where the result goes besides stdout, as the user typed it. */
export interface ReportFiles {
  readonly junit?: string;
  readonly html?: string;
}

/** Runs the checks with progress and prints their table, or JSON. True when all passed. */
export async function verifyAndReport(
  stack: PulumiStack,
  isJson: boolean,
  files: ReportFiles = {},
): Promise<boolean> {
  const at = new Date();
  const start = performance.now();
  const progress = createProgress(isJson);
  const results = await verifyStack(stack, progress.onResult);
  progress.end();
  const seconds = (performance.now() - start) / 1000;
  writeReports({ system: projectSystem().name, stack: stack.name, at, seconds, results }, files);
  const failures = results.filter(({ verdict }) => !verdict.ok);
  if (isJson) printJson(asJson(stack.name, results));
  else {
    printResult(renderResults(results));
    const passed = results.length - failures.length;
    printResult(`\n${passed} of ${results.length} checks passed in ${seconds.toFixed(1)} s`);
  }
  return failures.length === 0;
}

function writeReports(report: Report, { junit, html }: ReportFiles): void {
  const write = (file: string, text: string): void => {
    const path = userPath(file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  if (junit !== undefined) write(junit, renderJunit(report));
  if (html !== undefined) write(html, renderHtml(report));
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
