import type { Variable } from "./environment";
import { literal } from "./interpolate";
import type { Node } from "./node";

const SECRET_NAME = /^[A-Z][A-Z0-9_]*$/;

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
  const isNamed = byVariables(grants, plain, secrets);
  const isFromFiles = byTheirPaths(grants, secrets) || isNamed;
  if (isFromFiles) {
    for (const { name, node } of others(secrets))
      node.change(`${name} is given as ${name}_FILE too, as this service's other secrets are`);
  }
  for (const grant of grants.values()) {
    if (!isGranted(grant, secrets))
      grant.leave("no NAME_FILE of its environment says what it is: /run/secrets/NAME here");
  }
  return isFromFiles;
}

/** Those that are in the environment by themselves. */
function others(secrets: ReadonlyMap<string, Variable>): Variable[] {
  return [...secrets.values()].filter(({ granted }) => granted === undefined);
}

function byVariables(
  grants: ReadonlyMap<string, Node>,
  plain: Record<string, string>,
  secrets: Map<string, Variable>,
): boolean {
  const before = secrets.size;
  for (const [variable, value] of Object.entries(plain)) {
    const name = variable.replace(/_FILE$/, "");
    const [, target] = /^\/run\/secrets\/(.+)$/.exec(value) ?? [];
    const grant = grants.get(target ?? "");
    if (grant === undefined || name === variable || !SECRET_NAME.test(name)) continue;
    take(grant, name, secrets);
    Reflect.deleteProperty(plain, variable);
  }
  return secrets.size > before;
}

/** One that is named as Homeport names secrets has the same path here. True where the service has no others. */
function byTheirPaths(grants: ReadonlyMap<string, Node>, secrets: Map<string, Variable>): boolean {
  const alike = [...grants].filter(
    ([target, grant]) => SECRET_NAME.test(target) && !isGranted(grant, secrets) && !secrets.has(target),
  );
  for (const [target, grant] of alike) take(grant, target, secrets);
  return alike.length > 0 && others(secrets).length === 0;
}

function take(grant: Node, name: string, secrets: Map<string, Variable>): void {
  const granted = sourceOf(grant);
  secrets.set(name, { name, template: undefined, value: literal(""), node: grant, granted });
  if (!grant.isMap) return grant.use();
  for (const key of ["source", "target"]) grant.get(key).use();
  for (const key of ["uid", "gid", "mode"])
    grant.get(key).spare("a service's secrets can be read by its own user alone");
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
