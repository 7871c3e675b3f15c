import type { Variable } from "./environment";
import type { Node } from "./node";

/**
 * Compose's own secrets: `NAME_FILE: /run/secrets/source` is Homeport's secret NAME, which it gives in the same way.
 * True where the service reads its secrets from files.
 */
export function filesAsSecrets(
  service: Node,
  plain: Record<string, string>,
  secrets: Map<string, Variable>,
): boolean {
  const grants = new Map(
    service
      .get("secrets")
      .children()
      .map(([, node]) => [targetOf(node), node] as const),
  );
  let isFromFiles = false;
  for (const [variable, value] of Object.entries(plain)) {
    const name = variable.replace(/_FILE$/, "");
    const grant = value.startsWith("/run/secrets/")
      ? grants.get(value.slice("/run/secrets/".length))
      : undefined;
    if (grant === undefined || name === variable || !/^[A-Z][A-Z0-9_]*$/.test(name)) continue;
    grant.use();
    secrets.set(name, { name, template: undefined, value: { text: "", asked: [] }, node: grant });
    Reflect.deleteProperty(plain, variable);
    isFromFiles = true;
  }
  if (isFromFiles) {
    for (const { name, node } of [...secrets.values()].filter(({ value }) => value.text !== "")) {
      node.change(`${name} is given as ${name}_FILE too, as this service's other secrets are`);
    }
  }
  for (const grant of grants.values()) {
    if (!isGranted(grant, secrets))
      grant.leave("no NAME_FILE of its environment says what it is: /run/secrets/NAME here");
  }
  return isFromFiles;
}

function isGranted(grant: Node, secrets: ReadonlyMap<string, Variable>): boolean {
  return [...secrets.values()].some(({ node }) => node.path.join() === grant.path.join());
}

/** The file's name below `/run/secrets`. */
function targetOf(node: Node): string {
  if (!node.isMap) return String(node.value);
  const target = node.get("target").value ?? node.get("source").value;
  return String(target).replace("/run/secrets/", "");
}

/** Compose's secret that a grant names. */
export function sourceOf(node: Node): string {
  return String(node.isMap ? node.get("source").value : node.value);
}
