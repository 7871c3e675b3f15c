import { messageOf } from "../output";
import type { PulumiStack } from "../pulumi";
import { runOnServer, type Server } from "../ssh";
import { serverOf } from "../stack-server";
import type { StackExport } from "../stack-state";
import { HEALTH_COMMAND, healthDeviations } from "./containers";
import { needsReplacement, type Comparison, type Deviation } from "./deviation";
import { previewDeviations, refreshedCount } from "./preview";
import { recordedSteps, stepDeviations, type RecordedStep } from "./steps";

/** Connections at once: sshd's own limit, and a small server, set the pace. */
const AT_ONCE = 4;
const STEP_TIMEOUT_SECONDS = 120;

/**
 * Compares what is declared with what is. The host is asked by the steps' own scripts, in check mode, with the input
 * that the state records, so that a step and its check cannot disagree; APIs and Docker by a refreshing preview.
 */
export async function compare(stack: PulumiStack): Promise<Comparison> {
  const [config, state] = await Promise.all([stack.config(), stack.export(true)]);
  const server = serverOf(stack.name, config, state);
  const { steps, unasked } = recordedSteps(state);
  const [host, apis] = await Promise.all([hostDeviations(server, state, steps), apiDeviations(stack, state)]);
  return { deviations: [...host, ...apis.deviations], steps: steps.length, unasked, ...apis.counted };
}

/** One update that repairs everything that was found. Gives `pulumi`'s exit code. */
export async function heal(stack: PulumiStack, found: Comparison, isInteractive: boolean): Promise<number> {
  const urns = [...new Set(found.deviations.filter(needsReplacement).map(({ urn }) => urn))];
  if (found.problem !== undefined) {
    // What can't be asked (a daemon that is down) can't be refreshed either: the steps bring it back first.
    await stack.up(
      isInteractive,
      urns.flatMap((urn) => ["--target-replace", urn]),
    );
    return stack.up(isInteractive, ["--refresh"]);
  }
  return stack.up(isInteractive, ["--refresh", ...urns.flatMap((urn) => ["--replace", urn])]);
}

async function apiDeviations(
  stack: PulumiStack,
  state: StackExport,
): Promise<{ readonly deviations: Deviation[]; readonly counted: { resources: number; problem?: string } }> {
  try {
    const preview = await stack.previewRefreshed();
    return { deviations: previewDeviations(preview, state), counted: { resources: refreshedCount(preview) } };
  } catch (error) {
    return { deviations: [], counted: { resources: 0, problem: messageOf(error) } };
  }
}

async function hostDeviations(
  server: Server,
  state: StackExport,
  steps: readonly RecordedStep[],
): Promise<Deviation[]> {
  const health = await runOnServer(server, HEALTH_COMMAND, "", STEP_TIMEOUT_SECONDS);
  const found = new Map<string, readonly Deviation[]>();
  const waiting = [...steps];
  const work = async (): Promise<void> => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const result = await runOnServer(server, step.command, step.stdin, STEP_TIMEOUT_SECONDS);
      found.set(step.id, stepDeviations(step, result));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const unwell = health.code === 0 ? healthDeviations(state, health.stdout) : [];
  return [...steps.flatMap(({ id }) => found.get(id) ?? []), ...unwell];
}
