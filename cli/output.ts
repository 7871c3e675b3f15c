import { Listr, ListrLogger, PRESET_TIMER, ProcessOutput, type ListrTask } from "listr2";
import { EXIT, CliError } from "./cli-error";

/** Whether progress may be drawn over itself; otherwise each step is one plain line. */
export function isInteractive(isJson: boolean): boolean {
  return !isJson && process.stderr.isTTY && process.env.CI === undefined;
}

/** What a step shows behind its title when it is done: a count, a name, a digest. */
export type Note = (text: string) => void;

export interface Step {
  readonly title: string;
  readonly run: (note: Note) => Promise<void>;
}

/**
 * Runs steps one after another and shows each with its elapsed time, on stderr: stdout belongs to results.
 * The first failure ends it.
 */
export async function runSteps(steps: readonly Step[], isJson: boolean): Promise<void> {
  let fault: unknown;
  const tasks: ListrTask[] = steps.map((step) => ({
    title: step.title,
    task: async (_context, task) => {
      const note: Note = (text) => (task.title = `${step.title}: ${text}`);
      await step.run(note).catch((error: unknown) => {
        fault = error;
        throw new Error("see below"); // the message itself is printed once, by whoever catches it
      });
    },
  }));
  const logger = new ListrLogger({
    useIcons: true,
    processOutput: new ProcessOutput(process.stderr, process.stderr),
  });
  const list = new Listr(tasks, {
    renderer: isInteractive(isJson) ? "default" : "simple",
    rendererOptions: { timer: PRESET_TIMER, logger, collapseErrors: true, showErrorMessage: false },
    fallbackRendererOptions: { timer: PRESET_TIMER, logger },
    registerSignalListeners: false,
  } as ConstructorParameters<typeof Listr>[1]);
  await list.run().catch((error: unknown) => {
    throw fault ?? error;
  });
}

/** One line to the person at the terminal. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A result: the only thing that goes to stdout. */
export function printResult(text: string): void {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
}

export function printJson(value: unknown): void {
  printResult(JSON.stringify(value, null, 2));
}

/** Prints an error as lines that say what to do; anything else as one line, its stack only with HOMEPORT_DEBUG. */
export function printError(error: unknown, isJson: boolean): void {
  const problems = error instanceof CliError ? error.problems : [messageOf(error)];
  const exitCode = error instanceof CliError ? error.exitCode : EXIT.failed;
  if (isJson) printJson({ ok: false, exitCode, problems });
  else problems.forEach((problem) => say(`homeport: ${problem}`));
  if (process.env.HOMEPORT_DEBUG !== undefined && error instanceof Error) say(error.stack ?? "");
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Rows as columns of equal width; the last column is free. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
