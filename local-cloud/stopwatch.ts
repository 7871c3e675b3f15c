import type { Report } from "./toolchain/progress";

/** Progress lines with the seconds since the start in front. */
export interface Stopwatch {
  readonly report: Report;
  readonly seconds: () => number;
}

/** A stopwatch that writes to stderr, so that stdout is left to results. */
export function stopwatch(): Stopwatch {
  const started = Date.now();
  const seconds = (): number => (Date.now() - started) / 1000;
  return {
    seconds,
    report: (line) => process.stderr.write(`${seconds().toFixed(1).padStart(6)} s  ${line}\n`),
  };
}
