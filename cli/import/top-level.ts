import type { Node } from "./node";
import type { Draft } from "./service";

/** What stands beside the services: volumes, secrets, networks. */
export function topLevel(root: Node, drafts: readonly Draft[]): void {
  volumes(root.get("volumes"), drafts);
  networks(root, drafts);
  const granted = new Set(
    drafts.flatMap(({ secrets }) => [...secrets.values()].map((variable) => variable.granted)),
  );
  for (const [name, secret] of root.get("secrets").children()) {
    if (!granted.has(name)) continue;
    for (const key of ["file", "environment", "external", "name"])
      secret.get(key).spare("homeport init asks for the secret's value: nothing is read from here");
  }
}

function volumes(node: Node, drafts: readonly Draft[]): void {
  const mounted = new Set(drafts.flatMap(({ spec }) => Object.keys(spec.volumes ?? {})));
  for (const [name, volume] of node.children()) {
    if (!mounted.has(name)) volume.leave("no service of the system has it");
    else if (Object.keys(volume.value ?? {}).length === 0) volume.use();
    else if (volume.get("driver").value === "local") volume.get("driver").spare("volumes are local");
  }
}

/** One network without settings is what every system has; more of them keep services apart, and that is told. */
function networks(root: Node, drafts: readonly Draft[]): void {
  const all = root.get("networks").children();
  const isPlain = (network: Node): boolean =>
    Object.entries(network.value ?? {}).every(([key, value]) => key === "driver" && value === "bridge");
  if (all.length > 1 || !all.every(([, network]) => isPlain(network))) return;
  const reason = "all services of a system share one network, and know each other by name";
  root.get("networks").spare(reason);
  for (const { node } of drafts) {
    const own = node.get("networks");
    const isBare =
      own.isList || own.children().every(([, each]) => Object.keys(each.value ?? {}).length === 0);
    if (own.children().length <= 1 && isBare) own.spare(reason);
  }
}
