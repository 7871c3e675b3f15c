/** Exit codes of every `homeport` command; `homeport --help` prints the same table. */
export const EXIT = { ok: 0, failed: 1, usage: 2, refused: 3 } as const;

export type ErrorKind = Exclude<keyof typeof EXIT, "ok">;

/** A problem that the user can act on. Printed as it is, without a stack trace; never holds a secret. */
export class CliError extends Error {
  constructor(
    readonly kind: ErrorKind,
    /** One or more problems, each `what is wrong; fix: command`. */
    readonly problems: readonly string[],
  ) {
    super(problems.join("\n"));
    this.name = "CliError";
  }

  get exitCode(): number {
    return EXIT[this.kind];
  }
}

/** A command or a check did not succeed: exit code 1. */
export function failed(...problems: string[]): CliError {
  return new CliError("failed", problems);
}

/** A wrong option or a missing config value: exit code 2. */
export function usage(...problems: string[]): CliError {
  return new CliError("usage", problems);
}

/** Going on would lose something or make a second one of it: exit code 3. */
export function refused(...problems: string[]): CliError {
  return new CliError("refused", problems);
}
