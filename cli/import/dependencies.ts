import { isPostgres } from "./images";
import type { Node } from "./node";
import type { Draft } from "./service";

/** Each after those it depends on, otherwise as the file has them: the order in which Homeport starts them. */
export function inOrder(drafts: readonly Draft[]): Draft[] {
  const order: Draft[] = [];
  const seen = new Set<string>();
  const visit = (draft: Draft): void => {
    if (seen.has(draft.name)) return;
    seen.add(draft.name);
    for (const other of drafts.filter(({ name }) => draft.dependsOn.includes(name))) visit(other);
    order.push(draft);
  };
  drafts.forEach(visit);
  return order;
}

/**
 * `dependsOn` of a service. Undefined where it cannot say it all, since something has no health to wait for: then the
 * service starts after everything before it, which the order has right.
 */
export function dependsOnOf(draft: Draft, drafts: readonly Draft[]): string[] | undefined {
  const list = draft.node.get("depends_on");
  const named = list.children().flatMap(([key, child]) => {
    const name = list.isList ? String(child.value) : key;
    const other = drafts.find((each) => each.name === name);
    if (other === undefined) return outside(name, child);
    if (isPostgres(draft.image) && !isPostgres(other.image)) {
      child.leave("databases start before everything else, since they are restored before");
      return [];
    }
    return [{ other, child, isList: list.isList }];
  });
  named.forEach(settle);
  const isWhole = named.every(({ other }) => other.spec.healthcheck !== undefined);
  return isWhole && named.length > 0 ? named.map(({ other }) => other.name) : undefined;
}

function outside(name: string, child: Node): [] {
  const reason = `services.${name} is not in the system`;
  if (child.get("required").value === false) child.spare(reason);
  else child.leave(reason);
  return [];
}

function settle({ other, child, isList }: { other: Draft; child: Node; isList: boolean }): void {
  const condition = isList ? "service_started" : (child.get("condition").value ?? "service_started");
  if (isList) child.use();
  child.get("condition").use();
  child.get("required").spare(`services.${other.name} is in the system`);
  const isHealthy = condition === "service_healthy";
  if (other.spec.healthcheck !== undefined && !isHealthy)
    child.change(`waits until services.${other.name} is healthy, where Compose waits for its start`);
  if (other.spec.healthcheck === undefined && isHealthy)
    child.change(`is started before it, and not waited for: services.${other.name} has no healthcheck here`);
}
