import { specFault as fault, type Fault } from "./faults";
import type { SystemSpec } from "./system";
import { toBackupVolume, type FilesSpec } from "./system-files";

const PATH = /^(\/[A-Za-z0-9_][A-Za-z0-9._-]*)+$/;
const BELOW = /^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/;
const OWNER = /^\d{1,5}:\d{1,5}$/;
/** The owner may do everything, the others may not write. */
const MODE = /^[0-7]7[0-7][0145]$/;
/** Nothing in these is a system's own. */
const TAKEN =
  "/bin /boot /dev /etc /lib /lib64 /opt/backups /proc /root /run /sbin /sys /tmp /usr /var/lib/docker /var/lib/homeport /var/cache /var/run /var/tmp";
/** In these only what lies below is. */
const PARENTS = "/home /media /mnt /opt /srv /var /var/lib /var/log";

/** Every broken rule of the directories and volumes. */
export function filesFaults(spec: SystemSpec): Fault[] {
  const paths = Object.keys(spec.files ?? {});
  return [
    ...Object.entries(spec.files ?? {}).flatMap(([path, each]) => [
      ...pathFaults(path, paths),
      ...directoryFaults(`files[${JSON.stringify(path)}]`, each),
    ]),
    ...volumeFaults(spec),
  ];
}

function pathFaults(path: string, all: readonly string[]): Fault[] {
  const at = `files[${JSON.stringify(path)}]`;
  if (!PATH.test(path))
    return [fault(at, "be an absolute path of plain characters", path, "name it like /srv/app/uploads")];
  const isTaken = TAKEN.split(" ").some((taken) => isBelow(path, taken)) || PARENTS.split(" ").includes(path);
  if (isTaken) return [fault(at, "be a place of its own", path, "name it like /srv/app/uploads")];
  const outer = all.find((other) => other !== path && isBelow(path, other));
  if (outer === undefined) return [];
  return [fault(at, `not lie in ${outer}, which is declared too`, path, "declare one of the two")];
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function directoryFaults(at: string, spec: FilesSpec): Fault[] {
  const faults: Fault[] = [];
  const { owner = "0:0", mode = "0750", backup = true, exclude = [], sqlite = [] } = spec;
  if (!OWNER.test(owner))
    faults.push(fault(`${at}.owner`, 'be numeric "uid:gid"', owner, 'write "1000:1000"'));
  if (!MODE.test(mode)) {
    const rule = "be four octal digits with 7 for the owner and no writing for all";
    faults.push(fault(`${at}.mode`, rule, mode, 'write "0750"'));
  }
  if (!backup && exclude.length + sqlite.length > 0) {
    const rule = "have no exclude and no sqlite without a backup";
    faults.push(fault(at, rule, "backup: false", "remove them"));
  }
  return [...faults, ...pathsFaults(at, spec)];
}

function pathsFaults(
  at: string,
  { exclude = [], sqlite = [] }: Pick<FilesSpec, "exclude" | "sqlite">,
): Fault[] {
  const faults: Fault[] = [];
  for (const [field, paths] of Object.entries({ exclude, sqlite })) {
    for (const path of paths.filter((each) => !BELOW.test(each))) {
      const rule = "be paths below the directory, of plain characters, without patterns";
      faults.push(fault(`${at}.${field}`, rule, path, "write it like cache/thumbnails"));
    }
  }
  for (const path of sqlite.filter((each) => exclude.some((left) => isBelow(each, left))))
    faults.push(fault(`${at}.sqlite`, "not be excluded", path, "remove it from one of the two"));
  return faults;
}

function volumeFaults(spec: SystemSpec): Fault[] {
  const volumes = (spec.backupVolumes ?? []).map(toBackupVolume);
  const names = volumes.map(({ name }) => name);
  const services = Object.entries(spec.services);
  const known = services.flatMap(([, { volumes: own }]) => Object.keys(own ?? {}));
  const ofDatabases = (spec.databases ?? []).flatMap(({ service }) =>
    Object.keys(spec.services[service]?.volumes ?? {}),
  );
  return volumes.flatMap(({ name: volume, ...spec }, index) => {
    const at = `backupVolumes[${index}]`;
    if (names.indexOf(volume) !== index) return [fault(at, "be named once", volume, "remove one of the two")];
    if (!known.includes(volume)) {
      const fix = known.length === 0 ? "remove it" : `use one of: ${known.join(", ")}`;
      return [fault(at, "be a volume of a service", volume, fix)];
    }
    if (!ofDatabases.includes(volume)) return pathsFaults(at, spec);
    return [
      fault(at, "not be a database's: a copy of its live files is none", volume, "remove it: it is dumped"),
    ];
  });
}
