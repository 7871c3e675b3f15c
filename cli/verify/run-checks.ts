import { CliError } from "../cli-error";
import { messageOf } from "../output";
import type { Check, Expected, Sources, Verdict } from "./check";

export interface CheckResult {
  readonly id: string;
  readonly title: string;
  readonly verdict: Verdict;
  /** From the start until this check had its answer. */
  readonly seconds: number;
}

/** Runs all checks at once and tells of each as it ends. A check that throws is a check that failed. */
export function runChecks(
  checks: readonly Check[],
  sources: Sources,
  expected: Expected,
  onResult: (result: CheckResult) => void,
): Promise<CheckResult[]> {
  const start = performance.now();
  return Promise.all(
    checks.map(async (check) => {
      const verdict = await check.run(sources, expected).catch(asVerdict);
      const seconds = Math.round(performance.now() - start) / 1000;
      const result = { id: check.id, title: check.title, verdict, seconds };
      onResult(result);
      return result;
    }),
  );
}

function asVerdict(error: unknown): Verdict {
  const text = error instanceof CliError ? error.problems.join("; ") : messageOf(error);
  const [found = text, fix = "homeport verify again"] = text.split("; fix: ");
  return { ok: false, found: found.split("\n")[0] ?? found, fix };
}

/** The same source for all checks that need it: asked once. */
export function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => (answer ??= ask());
}
