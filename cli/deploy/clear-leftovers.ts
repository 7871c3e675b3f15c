import { refused } from "../cli-error";
import { findLabelled, hetznerApi } from "../hetzner";
import { stackSelector } from "../labels";
import type { PulumiStack, StackConfig } from "../pulumi";
import { decide, findLeftovers, withoutPendingCreates } from "./leftovers";

/**
 * Removes what an interrupted `up` or a lost reply left at Hetzner, so that there are never two servers.
 *
 * @returns what was removed, for a person.
 * @throws CliError (refused) naming everything that may hold something; then nothing is removed.
 */
export async function clearLeftovers(
  stack: PulumiStack,
  config: StackConfig,
  system: string,
): Promise<string[]> {
  const api = hetznerApi(config);
  const [state, found] = await Promise.all([
    stack.export(),
    findLabelled(api, stackSelector(system, stack.name)),
  ]);
  if (findLeftovers(found, state).length === 0) return [];

  // read again: an `up` that was under way during the first look may have written its state since
  const fresh = await stack.export();
  const leftovers = findLeftovers(found, fresh);
  const decided = leftovers.map((leftover) => ({
    ...leftover,
    decision: decide(leftover, leftovers, fresh),
  }));
  const refusals = decided.flatMap(({ kind, object, decision }) =>
    decision.action === "refuse"
      ? [
          `${kind} ${object.id} (${object.name}) is not in the stack's state: ${decision.why}; fix: ${decision.fix}`,
        ]
      : [],
  );
  if (refusals.length > 0) throw refused(...refusals);

  // takes the stack's lock: while another `up` runs, what it just made looks like a leftover
  await stack.import(withoutPendingCreates(fresh));
  for (const { kind, object } of decided) await api.remove(`/${kind}/${object.id}`);
  return decided.map(({ kind, object, decision }) => `${kind} ${object.name}: ${decision.why}`);
}
