import type { System } from "../../components/lib/system";
import { table } from "../output";
import type { CheckResult } from "../verify/run-checks";
import { partNames } from "./service";

/** How many lines of a log are shown. */
export const LOG_LINES = 200;

/** A container or unit, or the lack of one, as triage found it. */
export interface PartState {
  readonly service: string;
  /** @default there is none */
  readonly name?: string;
  /** `running, healthy`, `exited (1)`, `active (running)`, `missing`. */
  readonly state: string;
  readonly restarts: number;
  readonly ok: boolean;
  /** Last lines, where it is not well or was asked for; without a secret. */
  readonly log: string;
}

/** What is wrong with an answer, and where to look: one of the system's own checks. */
export interface Hint {
  readonly id: string;
  readonly title: string;
  readonly found: string;
  readonly fix: string;
}

export interface Triage {
  readonly ok: boolean;
  readonly parts: readonly PartState[];
  readonly hints: readonly Hint[];
}

/** Shorter ones stand in ordinary words. */
const SHORTEST_SECRET = 6;

/** A text with every line of every known secret taken out. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const lines = secrets.flatMap((secret) => [secret, ...secret.split("\n")]).map((line) => line.trim());
  const known = [...new Set(lines)].filter((line) => line.length >= SHORTEST_SECRET);
  // the longest first: one may be part of another
  return known
    .sort((a, b) => b.length - a.length)
    .reduce((rest, secret) => rest.replaceAll(secret, "[secret]"), text);
}

/** Everything that should run, and which of the system's checks fail. */
export function triageOf(
  system: System,
  found: readonly PartState[],
  results: readonly CheckResult[],
  secrets: readonly string[],
): Triage {
  const missing = partNames(system)
    .filter((name) => !found.some(({ service }) => service === name))
    .map((service) => ({ service, state: "missing", restarts: 0, ok: false, log: "" }));
  const parts = [...found, ...missing].map((part) => ({ ...part, log: withoutSecrets(part.log, secrets) }));
  const hints = results.flatMap(({ id, title, verdict }) =>
    verdict.ok ? [] : [{ id, title, found: withoutSecrets(verdict.found, secrets), fix: verdict.fix }],
  );
  return { ok: parts.every(({ ok }) => ok) && hints.length === 0, parts, hints };
}

/** A table, then what does not answer as it should, then logs. */
export function renderTriage({ parts, hints }: Triage): string {
  const rows = parts.map(({ ok, service, state, restarts, name }) => [
    ...[ok ? "✔" : "✖", service, state, String(restarts), name ?? "–"],
  ]);
  const answers = hints.map(({ id, title, found, fix }) => `✖ ${id} ${title}: ${found}\n    fix: ${fix}`);
  const logs = parts
    .filter(({ log }) => log !== "")
    .map(({ service, log }) => `── ${service}: last lines\n${log.trimEnd()}`);
  return [table([["", "SERVICE", "STATE", "RESTARTS", "NAME"], ...rows]), ...answers, ...logs].join("\n\n");
}
