import { environmentFiles, unwritable, type EnvironmentFile } from "./environment-file";
import { specFault as fault, type Fault } from "./faults";
import type { SystemSpec } from "./system";

const PATH = /^\/(etc|opt|srv)(\/[A-Za-z0-9_][A-Za-z0-9._-]*)+\/[A-Za-z0-9._-]*\.env$/;
/** Where other things of Homeport's lie. */
const OURS = ["/etc/homeport", "/opt/backups"];

/** Service -> variable -> value. */
type Environment = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Every broken rule of the environment files of a spec. */
export function environmentFileFaults(spec: SystemSpec): Fault[] {
  const environment = Object.fromEntries(
    Object.entries(spec.services).map(([name, service]) => [name, service.environment ?? {}]),
  );
  return environmentFiles(spec).flatMap((file) => [
    ...pathFaults(spec, file),
    ...fileFaults(file, environment).map(({ service, name, rule, fix }) =>
      fault(`services.${service}.environment.${name}`, rule, "a value", fix),
    ),
  ]);
}

/** A variable that a file cannot hold; the value is never told. */
export interface FileFault {
  readonly service: string;
  readonly name: string;
  readonly rule: string;
  readonly fix: string;
}

/** What of the plain variables one file cannot hold. */
export function fileFaults(
  { path, services, secrets }: EnvironmentFile,
  environment: Environment,
): FileFault[] {
  const first = new Map<string, string>();
  return services.flatMap((service) =>
    Object.entries(environment[service] ?? {}).flatMap(([name, value]): FileFault[] => {
      const other = first.get(name) ?? service;
      first.set(name, other);
      if (secrets.includes(name)) {
        const rule = `be no secret of another service that shares ${path}`;
        return [{ service, name, rule, fix: "rename it, or give the services a file each" }];
      }
      if (environment[other]?.[name] !== value) {
        const rule = `be what services.${other} has, which shares ${path}`;
        return [{ service, name, rule, fix: "set both alike, or give the services a file each" }];
      }
      const rule = unwritable(value);
      return rule === undefined
        ? []
        : [{ service, name, rule, fix: `write it otherwise: it goes to ${path}` }];
    }),
  );
}

function pathFaults(spec: SystemSpec, { path, services }: EnvironmentFile): Fault[] {
  const at = `services.${services[0]}.environmentFile`;
  if (!PATH.test(path)) {
    const rule = "be a plain path in a folder below /etc, /opt or /srv that ends with .env";
    return [fault(at, rule, path, `write it like /etc/${spec.name}/${spec.name}.env`)];
  }
  const units = Object.entries(spec.units ?? {}).map(([name, { folder = `/opt/${name}` }]) => folder);
  const taken = [...OURS, ...Object.keys(spec.files ?? {}), ...units];
  const around = taken.find((folder) => path.startsWith(`${folder}/`));
  if (around === undefined) return [];
  return [
    fault(at, `not lie in ${around}, which is used otherwise`, path, `write it like /etc/${spec.name}/…`),
  ];
}
