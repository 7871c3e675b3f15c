import type { ServiceSpec, SystemSpec } from "./system";

type Dependent = Pick<ServiceSpec, "dependsOn">;

/**
 * Names of services, each after those that it depends on, otherwise in the order of the spec. Of a circle, which the
 * rules refuse, each is named once.
 */
export function startOrder(services: Readonly<Record<string, Dependent>>): string[] {
  const order: string[] = [];
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    services[name]?.dependsOn?.forEach(visit);
    order.push(name);
  };
  Object.keys(services).forEach(visit);
  return order;
}

/** A circle of services that wait for each other, as `a, b, a`; undefined when there is none. */
export function circleOf(services: Readonly<Record<string, Dependent>>, start: string): string | undefined {
  const walk = (name: string, path: readonly string[]): string | undefined => {
    if (path.includes(name)) return name === start ? [...path, name].join(", ") : undefined;
    for (const next of services[name]?.dependsOn ?? []) {
      const found = walk(next, [...path, name]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return walk(start, []);
}

/** Services that hold a database: they start before all others. */
export function databaseServices({ databases = [] }: Pick<SystemSpec, "databases">): string[] {
  return [...new Set(databases.map(({ service }) => service))];
}
