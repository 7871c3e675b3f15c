import { basename } from "node:path";
import type { Node } from "./node";

/** A directory or file of the host that a service mounts. */
export interface Bind {
  /** As the compose file has it, its variables filled in. */
  readonly source: string;
  readonly target: string;
  readonly isReadOnly: boolean;
  readonly node: Node;
}

export interface Volumes {
  /** Named ones: name -> path in the container. */
  readonly volumes: Record<string, string>;
  readonly binds: Bind[];
}

const ANONYMOUS = "an anonymous volume is lost with its container: name it if its data matters";
/** What these say has no meaning on a server of Homeport's: SELinux, and Docker Desktop's file sharing. */
const IDLE = /^(z|Z|cached|delegated|consistent|nocopy)$/;

/** What a service mounts; everything that is neither a named volume nor a path of the host is told. */
export function volumesOf(node: Node, service: string, isStore: boolean, taken: Set<string>): Volumes {
  const found: Volumes = { volumes: {}, binds: [] };
  for (const [, child] of node.children()) {
    const mount = child.isMap ? longForm(child) : shortForm(child);
    if (mount === undefined) continue;
    if (!/^[./~]/.test(mount.source)) addVolume(found.volumes, mount);
    else if (isStore && !mount.isReadOnly && !isConfiguration(mount)) {
      const last = basename(mount.source).replaceAll(/^[^A-Za-z0-9]+|[^\w.-]/g, "");
      const name = freeName(`${service}-${last === service ? "data" : last}`, taken);
      child.change(`is the volume ${name}, as a store's data is: what ${mount.source} holds is not moved`);
      addVolume(found.volumes, { ...mount, source: name });
    } else found.binds.push(mount);
  }
  return found;
}

/** Two services, or two directories, in one volume would write into each other's data. */
function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let count = 2; taken.has(name); count += 1) name = `${wanted}-${count}`;
  taken.add(name);
  return name;
}

/** What an image has to be told before it starts. */
export function isConfiguration({ target }: Pick<Bind, "target">): boolean {
  return /^\/(etc|usr\/local\/etc|docker-entrypoint-[\w.-]+)(\/|$)/.test(target);
}

function addVolume(volumes: Record<string, string>, { source, target, isReadOnly, node }: Bind): void {
  const other = volumes[source];
  if (other !== undefined) node.leave(`volume ${source} is in the container already, at ${other}`);
  else {
    if (isReadOnly) node.change(`volume ${source} can be written in the container, as all volumes can`);
    volumes[source] = target;
  }
}

function shortForm(node: Node): Bind | undefined {
  const text = node.plain();
  if (text === undefined) return undefined;
  const [source = "", target, mode = "rw"] = text.split(":");
  if (target === undefined) {
    node.leave(ANONYMOUS);
    return undefined;
  }
  const options = mode.split(",").filter((each) => each !== "rw" && each !== "ro");
  const idle = options.filter((each) => IDLE.test(each));
  const others = options.filter((each) => !IDLE.test(each));
  if (others.length > 0) node.change(`is mounted without ${others.join(",")}`);
  if (idle.length > 0) node.change(`is mounted without ${idle.join(",")}, which a server does not need`);
  return { source, target, isReadOnly: mode.split(",").includes("ro"), node };
}

function longForm(node: Node): Bind | undefined {
  const type = String(node.get("type").value);
  if (type !== "volume" && type !== "bind") {
    node.leave(type === "tmpfs" ? "no file system in memory" : `a mount of type ${type} has no counterpart`);
    return undefined;
  }
  if (!node.get("source").isThere) {
    node.leave(ANONYMOUS);
    return undefined;
  }
  for (const key of ["type", "read_only"]) node.get(key).use();
  const source = node.get("source").plain();
  const target = node.get("target").plain();
  node.get("bind").get("create_host_path").spare("directories are there before the containers");
  for (const idle of [
    node.get("consistency"),
    node.get("bind").get("selinux"),
    node.get("volume").get("nocopy"),
  ])
    idle.spare("a server does not need it");
  if (source === undefined || target === undefined) return undefined;
  return { source, target, isReadOnly: node.get("read_only").value === true, node };
}
