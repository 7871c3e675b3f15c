import { resolve } from "node:path";
import { isIdentity } from "./secret-values";
import type { Node } from "./node";

/** What a service's part of a compose file cannot tell by itself. */
export interface Place {
  /** The system's name. */
  readonly system: string;
  /** What relative paths count from. */
  readonly folder: string;
  /** Folders that images are built from. */
  readonly contexts: readonly string[];
  /** Texts that the system says in plain: names of services, of databases and of their users. */
  readonly told: ReadonlySet<string>;
  /** Names of volumes that are somebody's; those that the import makes up come to them. */
  readonly volumes: Set<string>;
}

export function placeOf(system: string, folder: string, services: Node, volumes: Node): Place {
  const nodes = services.children().map(([, node]) => node);
  const identities = nodes.flatMap((node) => identitiesOf(node.get("environment")));
  const contexts = nodes.flatMap((node) => {
    const build = node.get("build");
    if (!build.isThere) return [];
    const context = build.isMap ? build.get("context") : build;
    return [resolve(folder, context.interpolated()?.text ?? ".")];
  });
  const names = services.children().map(([name]) => name);
  return {
    system,
    folder,
    contexts,
    told: new Set([...names, ...identities]),
    volumes: new Set(volumes.children().map(([name]) => name)),
  };
}

function identitiesOf(environment: Node): string[] {
  return environment.children().flatMap(([key, child]) => {
    const text = child.interpolated()?.text ?? "";
    const [, name = key, value = text] = environment.isList ? (/^([^=]+)=(.*)$/.exec(text) ?? []) : [];
    return isIdentity(name) && value !== "" ? [value] : [];
  });
}
