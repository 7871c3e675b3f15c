import { nameOf, resourcesOf, STACK_TYPE, type StackExport, type StateResource } from "../stack-state";

/** Which provider's color a node has. */
export type Family = "hetzner" | "cloudflare" | "docker" | "step" | "secret" | "other";

export interface GraphNode {
  /** Short and safe in every language: `n0`, `n1`, … */
  readonly id: string;
  /** What it is for: `host`, `records`, `postgres`. */
  readonly role: string;
  /** What it is: `Server`, `step over SSH`. */
  readonly kind: string;
  readonly family: Family;
}

export interface GraphGroup {
  readonly id: string;
  readonly title: string;
  readonly nodes: readonly GraphNode[];
}

/** `from` has to be there before `to`. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
}

export interface Graph {
  readonly groups: readonly GraphGroup[];
  readonly edges: readonly GraphEdge[];
}

/** The stack's resources by component, and what each waits for, without what follows from the rest. */
export function graphOf(state: StackExport): Graph {
  const all = resourcesOf(state);
  const drawn = all.filter(isShown);
  const needs = needsOf(drawn, all);
  const shown = inOrder(drawn, needs);
  const ids = new Map(shown.map(({ urn }, index) => [urn, `n${index}`]));
  const direct = reduce(needs);
  const edges = shown.flatMap(({ urn: to }) =>
    shown
      .filter(({ urn: from }) => direct.get(to)?.has(from))
      .map(({ urn: from }) => ({ from: ids.get(from) ?? from, to: ids.get(to) ?? to })),
  );
  return { groups: groupsOf(shown, all, ids), edges };
}

/** Resource -> all that it waits for, as far as it is drawn. */
function needsOf(
  drawn: readonly StateResource[],
  all: readonly StateResource[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const urns = new Set(drawn.map(({ urn }) => urn));
  const expand = childrenOf(all);
  return new Map(
    drawn.map((resource) => {
      const needed = dependenciesOf(resource).flatMap((urn) => expand(urn));
      return [resource.urn, new Set(needed.filter((urn) => urns.has(urn) && urn !== resource.urn))];
    }),
  );
}

/** By depth, then by name. State's own order is that in which things were ready: another one with every `up`. */
function inOrder(
  resources: readonly StateResource[],
  needs: ReadonlyMap<string, ReadonlySet<string>>,
): StateResource[] {
  const depths = new Map<string, number>();
  const depthOf = (urn: string): number => {
    const known = depths.get(urn);
    if (known !== undefined) return known;
    depths.set(urn, 0); // first, so that a cycle ends
    const depth = Math.max(0, ...[...(needs.get(urn) ?? [])].map((next) => depthOf(next) + 1));
    depths.set(urn, depth);
    return depth;
  };
  return [...resources].sort(
    (a, b) => depthOf(a.urn) - depthOf(b.urn) || nameOf(a.urn).localeCompare(nameOf(b.urn), "en"),
  );
}

/**
 * Transitive reduction of an acyclic graph given as node -> what it needs: an edge goes when a longer way says the
 * same.
 */
export function reduce(needs: ReadonlyMap<string, ReadonlySet<string>>): Map<string, Set<string>> {
  const reach = new Map<string, Set<string>>();
  const reachOf = (node: string): Set<string> => {
    const known = reach.get(node);
    if (known !== undefined) return known;
    const all = new Set<string>();
    reach.set(node, all); // first, so that a cycle ends
    for (const next of needs.get(node) ?? []) {
      all.add(next);
      for (const far of reachOf(next)) all.add(far);
    }
    return all;
  };
  return new Map(
    [...needs].map(([node, direct]) => {
      const isImplied = (target: string): boolean =>
        [...direct].some((other) => other !== target && reachOf(other).has(target));
      return [node, new Set([...direct].filter((target) => !isImplied(target)))];
    }),
  );
}

/** Components are frames, not nodes; of the providers only those that the program makes are its own. */
function isShown(resource: StateResource): boolean {
  if (resource.type === STACK_TYPE) return false;
  if (isProvider(resource)) return !nameOf(resource.urn).startsWith("default");
  return resource.custom === true;
}

function isProvider(resource: StateResource): boolean {
  return resource.type.startsWith("pulumi:providers:");
}

function dependenciesOf(resource: StateResource): string[] {
  const byProperty = Object.values(resource.propertyDependencies ?? {}).flatMap((urns) => urns ?? []);
  const provider = resource.provider?.replace(/::[^:]+$/, "");
  return [...(resource.dependencies ?? []), ...byProperty, ...(provider === undefined ? [] : [provider])];
}

/** A dependency on a component is one on everything in it. */
function childrenOf(all: readonly StateResource[]): (urn: string) => string[] {
  const custom = new Set(all.filter((resource) => resource.custom === true).map(({ urn }) => urn));
  const expand = (urn: string): string[] =>
    custom.has(urn)
      ? [urn]
      : all.filter(({ parent }) => parent === urn).flatMap((child) => expand(child.urn));
  return expand;
}

function groupsOf(
  shown: readonly StateResource[],
  all: readonly StateResource[],
  ids: ReadonlyMap<string, string>,
): GraphGroup[] {
  const byUrn = new Map(all.map((resource) => [resource.urn, resource]));
  const groups = new Map<string, { title: string; nodes: GraphNode[] }>();
  for (const resource of shown) {
    const component = componentOf(resource, byUrn);
    const key = component?.urn ?? "";
    const group = groups.get(key) ?? { title: component === undefined ? "" : titleOf(component), nodes: [] };
    group.nodes.push(nodeOf(resource, component, ids.get(resource.urn) ?? ""));
    groups.set(key, group);
  }
  return [...groups.values()].map((group, index) => ({ id: `g${index}`, ...group }));
}

function componentOf(
  resource: StateResource,
  byUrn: ReadonlyMap<string, StateResource>,
): StateResource | undefined {
  const parent = byUrn.get(resource.parent ?? "");
  if (parent === undefined || parent.type === STACK_TYPE) return undefined;
  return parent.custom === true ? componentOf(parent, byUrn) : parent;
}

/** `homeport:server:SshIdentity` is "SSH identity". */
function titleOf(component: StateResource): string {
  const name = component.type.split(":").at(-1) ?? component.type;
  return words(name);
}

/** `primaryIp` is "primary IP". */
function words(name: string): string {
  const plain = name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return plain
    .replace(/\b(ssh|ssl|tls|https|dns|ip|ca)\b/g, (acronym) => acronym.toUpperCase())
    .replace("ipv4", "IPv4");
}

function nodeOf(resource: StateResource, component: StateResource | undefined, id: string): GraphNode {
  const name = nameOf(resource.urn);
  const prefix = component === undefined ? "" : `${nameOf(component.urn)}-`;
  const role = name.startsWith(prefix) ? name.slice(prefix.length) : name;
  return { id, role: words(role.replaceAll("-", " ")), kind: kindOf(resource), family: familyOf(resource) };
}

function kindOf(resource: StateResource): string {
  if (resource.type === "command:remote:Command") return "step over SSH";
  if (resource.type === "command:local:Command") return "step from here";
  if (isProvider(resource)) return "engine over SSH";
  const word = resource.type.split(":").at(-1) ?? resource.type;
  return words(word);
}

const FAMILIES: Readonly<Record<string, Family>> = {
  hcloud: "hetzner",
  cloudflare: "cloudflare",
  docker: "docker",
  command: "step",
  random: "secret",
  tls: "secret",
};

function familyOf(resource: StateResource): Family {
  const parts = resource.type.split(":");
  return FAMILIES[(isProvider(resource) ? parts.at(-1) : parts[0]) ?? ""] ?? "other";
}
