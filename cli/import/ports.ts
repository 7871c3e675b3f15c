import type { Node } from "./node";

/** A port that a service publishes to everyone, which a site takes over. */
export interface Published {
  readonly port: number;
  readonly node: Node;
}

export interface Ports {
  /** `127.0.0.1:host:container`. */
  readonly loopback: string[];
  readonly published: Published[];
  /** Not published, and for other services only. */
  readonly inner: number[];
}

interface Mapping {
  readonly ip: string;
  readonly host: string;
  readonly container: string;
  readonly protocol: string;
}

const LOOPBACK = ["127.0.0.1", "::1", "localhost"];
/** What is asked there is not HTTP, so no proxy of sites can stand before it. */
const NOT_HTTP = [
  21, 22, 25, 53, 110, 143, 465, 587, 993, 995, 1433, 1883, 3306, 4222, 5432, 5672, 6379, 9092, 11211, 27017,
];

/** Ports of a service in either of Compose's forms. */
export function portsOf(node: Node, isDatabase: boolean): Ports {
  const ports: Ports = { loopback: [], published: [], inner: [] };
  for (const [, child] of node.children()) {
    const mapping = child.isMap ? longForm(child) : shortForm(child);
    if (mapping === undefined) continue;
    const container = Number(mapping.container);
    const reason = reasonAgainst(mapping, isDatabase || NOT_HTTP.includes(container));
    if (reason !== undefined) {
      child.leave(reason);
      if (/^\d+$/.test(mapping.container) && mapping.protocol === "tcp") ports.inner.push(container);
    } else if (LOOPBACK.includes(mapping.ip)) {
      ports.loopback.push(`127.0.0.1:${mapping.host}:${container}`);
      if (mapping.ip === "::1") child.change("is bound to 127.0.0.1");
    } else ports.published.push({ port: container, node: child });
  }
  return ports;
}

function reasonAgainst({ ip, host, container, protocol }: Mapping, isPrivate: boolean): string | undefined {
  if (protocol !== "tcp") return `${protocol} is not published: what comes in is HTTPS, through the proxy`;
  if (container.includes("-") || host.includes("-")) return "a range of ports is not published: name each";
  if (LOOPBACK.includes(ip)) return host === "" ? "has no port on the host: name one" : undefined;
  if (!isPrivate) return undefined;
  return `would be open to everyone, past the host's firewall (H5): write 127.0.0.1:${host === "" ? container : host}:${container}, and reach it through homeport ssh`;
}

/** What `expose` names. */
export function exposeOf(node: Node): number[] {
  return node.children().flatMap(([, child]) => {
    const parse = (text: string): number | undefined =>
      /^\d{1,5}(\/tcp)?$/.test(text) ? Number.parseInt(text, 10) : undefined;
    return child.parsed(parse, "is no single TCP port: all ports are open between services") ?? [];
  });
}

function shortForm(node: Node): Mapping | undefined {
  const parse = (text: string): Mapping | undefined => {
    const [, ip = "", host = "", container = "", protocol = "tcp"] =
      /^(?:(\[[^\]]+\]|[^:[\]]+(?=:[^:]*:)):)?(?:([\d-]*):)?([\d-]+)(?:\/(\w+))?$/.exec(text) ?? [];
    return container === "" ? undefined : { ip: ip.replaceAll(/[[\]]/g, ""), host, container, protocol };
  };
  return node.parsed(parse, "is not a port as Compose writes it");
}

function longForm(node: Node): Mapping | undefined {
  const read = (key: string): string => node.get(key).plain() ?? "";
  const container = read("target");
  for (const key of ["name", "mode", "app_protocol"]) node.get(key).spare("says nothing on one server");
  const [ip, host, protocol] = [read("host_ip"), read("published"), read("protocol")];
  if (/^[\d-]+$/.test(container))
    return { ip, host, container, protocol: protocol === "" ? "tcp" : protocol };
  node.leave("has no target");
  return undefined;
}
