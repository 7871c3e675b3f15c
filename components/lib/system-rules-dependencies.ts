import { specFault as fault, type Fault } from "./faults";
import { circleOf, databaseServices } from "./system-dependencies";
import type { SystemSpec } from "./system";

/** Every broken rule of what services wait for. */
export function dependencyFaults(spec: SystemSpec): Fault[] {
  return Object.keys(spec.services).flatMap((name) => [
    ...(spec.services[name]?.dependsOn ?? []).flatMap((other) => neighbourFaults(spec, name, other)),
    ...circleFaults(spec, name),
  ]);
}

function neighbourFaults(spec: SystemSpec, name: string, other: string): Fault[] {
  const at = `services.${name}.dependsOn`;
  const service = spec.services[other];
  if (service === undefined) {
    const known = Object.keys(spec.services).join(", ");
    return [fault(at, "name services of this system", other, `use one of: ${known}`)];
  }
  const databases = databaseServices(spec);
  if (databases.includes(name) && !databases.includes(other)) {
    const rule = "name databases only: they start before everything else, and are restored";
    return [fault(at, rule, other, "remove it")];
  }
  if (service.healthcheck !== undefined) return [];
  return [fault(at, "name services with a healthcheck", other, `add services.${other}.healthcheck`)];
}

function circleFaults({ services }: SystemSpec, name: string): Fault[] {
  const circle = circleOf(services, name);
  if (circle === undefined) return [];
  return [fault(`services.${name}.dependsOn`, "lead in no circle", circle, "remove one of them")];
}
