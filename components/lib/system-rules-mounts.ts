import { specFault as fault, type Fault } from "./faults";
import { backupFolder } from "./names";
import type { ServiceSpec, SystemSpec } from "./system";
import { FILES_FOLDER } from "./system-files";
import { toMounts } from "./system-mounts";

const INSIDE = /^(\/[A-Za-z0-9_][A-Za-z0-9._-]*)+$/;

/** Every broken rule of a service's mounts. */
export function mountFaults(system: SystemSpec, path: string, service: ServiceSpec): Fault[] {
  const taken = new Set(["/run/secrets", "/run/homeport", ...Object.values(service.volumes ?? {})]);
  return toMounts(service).flatMap(({ hostPath, containerPath, readOnly }) => {
    const at = `${path}.mounts[${JSON.stringify(hostPath)}]`;
    const faults = [...hostFaults(system, at, hostPath, readOnly)];
    if (!INSIDE.test(containerPath)) {
      faults.push(
        fault(at, "lead to an absolute plain path", containerPath, 'write it like "/app/uploads:ro"'),
      );
    }
    if (taken.has(containerPath)) {
      faults.push(fault(at, "lead to a path of its own", containerPath, "choose another path"));
    }
    taken.add(containerPath);
    return faults;
  });
}

function hostFaults(system: SystemSpec, at: string, hostPath: string, readOnly: boolean): Fault[] {
  const backups = backupFolders(system);
  if (backups.includes(hostPath)) {
    if (readOnly) return [];
    return [fault(at, "be read-only: backups are the host's own", "writable", "end it with :ro")];
  }
  const directories = Object.keys(system.files ?? {});
  if (directories.some((each) => hostPath === each || hostPath.startsWith(`${each}/`))) {
    if (!hostPath.includes("/.")) return [];
  }
  const known = [...directories, ...backups].join(", ");
  const fix = known === "" ? "declare it in files" : `declare it in files, or use one of: ${known}`;
  return [fault(at, "mount a directory that files declares, or what lies below one", hostPath, fix)];
}

function backupFolders({ databases = [], files = {}, backupVolumes = [] }: SystemSpec): string[] {
  const names = databases.map(({ name }, index) => backupFolder(name, index));
  const hasTrees = backupVolumes.length > 0 || Object.values(files).some(({ backup = true }) => backup);
  return [...names, ...(hasTrees ? [FILES_FOLDER] : [])].map((name) => `/opt/backups/${name}`);
}
