import type { Node } from "./node";

/** Named volumes of a service, name -> path in the container; everything else is told. */
export function volumesOf(node: Node): Record<string, string> {
  const volumes: Record<string, string> = {};
  for (const [, child] of node.children()) {
    const found = child.isMap ? longForm(child) : shortForm(child);
    if (found === undefined) continue;
    const [name, path] = found;
    if (name in volumes) child.leave(`volume ${name} is in the container already, at ${volumes[name] ?? ""}`);
    else volumes[name] = path;
  }
  return volumes;
}

const BIND =
  "a directory of the host: declare it in files (what it is, whose, backed up), or build what it holds into the image";
const ANONYMOUS = "an anonymous volume is lost with its container: name it if its data matters";

function shortForm(node: Node): [string, string] | undefined {
  const text = node.plain();
  if (text === undefined) return undefined;
  const [source = "", path, mode] = text.split(":");
  if (path === undefined) {
    node.leave(ANONYMOUS);
    return undefined;
  }
  if (/^[./~]/.test(source)) {
    node.leave(BIND);
    return undefined;
  }
  const strange = (mode ?? "").split(",").filter((each) => !["", "rw", "z", "Z"].includes(each));
  if (strange.length > 0) node.change(`is writable, without ${strange.join(",")}`);
  return [source, path];
}

function longForm(node: Node): [string, string] | undefined {
  const type = node.get("type").value;
  const source = node.get("source");
  if (type !== "volume") {
    node.leave(type === "bind" ? BIND : `a mount of type ${String(type)} has no counterpart`);
    return undefined;
  }
  if (!source.isThere) {
    node.leave(ANONYMOUS);
    return undefined;
  }
  node.get("type").use();
  const found = [source.plain(), node.get("target").plain()] as const;
  if (node.get("read_only").value === true)
    node.get("read_only").leave("the volume is writable in the container");
  else node.get("read_only").use();
  const [name, path] = found;
  return name === undefined || path === undefined ? undefined : [name, path];
}
