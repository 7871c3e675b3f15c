import { failed } from "../cli-error";
import { printJson, printResult } from "../output";
import { describeRestore, type RestoreEvidence } from "./copies";
import type { Place } from "./places";

/** What a recovery came to. */
export interface Recovery {
  /** Milliseconds since 1970. */
  readonly began: number;
  readonly place: Place;
  /** One of each database. */
  readonly restored: readonly RestoreEvidence[];
}

/**
 * The loss is what a copy cannot know: from the moment that it shows to the beginning of the recovery, in seconds; the
 * longest of all databases. None where one of them was not restored.
 */
export function measure({ began, restored }: Recovery, now: number): { lost?: number; took: number } {
  const shown = Math.min(...restored.map(({ taken_at }) => Date.parse(taken_at ?? "")));
  const seconds = (milliseconds: number): number => Math.max(0, Math.round(milliseconds / 1000));
  return { lost: Number.isFinite(shown) ? seconds(began - shown) : undefined, took: seconds(now - began) };
}

/** Prints it. @throws CliError when a database is a new, empty one. */
export function reportRecovery(recovery: Recovery, isProven: boolean, isJson: boolean): void {
  const { lost, took } = measure(recovery, Date.now());
  const { place, restored } = recovery;
  if (isJson)
    printJson({ ok: isProven && lost !== undefined, lostSeconds: lost, tookSeconds: took, place, restored });
  else printResult(`\n${restored.map(describeRestore).join("\n")}`);
  if (lost === undefined)
    throw failed("no copy was restored: a database is a new one; fix: homeport backup list");
  if (!isJson) printResult(`lost: ${lost} s before the recovery began (RPO); took: ${took} s (RTO)`);
}
