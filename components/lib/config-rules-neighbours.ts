import { z } from "zod";
import type { ConfigReader } from "./config-reader";
import { systemHostnames, type System } from "./system";

const KEY = "homeport:strictNeighbours";
const LABEL = "(?!-)[a-z0-9_-]{1,63}(?<!-)";
/** As names of records are: an alias may have a `_`, and the first label may be a wildcard. */
const HOST = new RegExp(`^(\\*\\.)?(${LABEL}\\.)+${LABEL}$`);

interface Fault {
  readonly rule: string;
  /** There is nothing to put in its place. */
  readonly isExtra?: true;
}

/** Hosts of the zone that are not the system's and whose origins are ready for Full (strict). */
export function strictNeighbours(reader: ConfigReader, system: System, domain: string): readonly string[] {
  if (reader.optional(KEY) === undefined) return [];
  const hosts = reader.structure(KEY, z.array(z.string()), "be a list of host names") ?? [];
  const own = systemHostnames(system, domain);
  for (const [index, host] of hosts.entries()) {
    const path = `${KEY}[${index}]`;
    const fault = hostFault(host, domain, own) ?? duplicateFault(hosts, index);
    if (fault === undefined) continue;
    const fix = fault.isExtra ? reader.removeCommand(path) : reader.pathCommand(path, `blog.${domain}`);
    reader.faultAt(path, fault.rule, host, fix);
  }
  return hosts;
}

function hostFault(host: string, domain: string, own: readonly string[]): Fault | undefined {
  if (host !== host.toLowerCase()) return { rule: "be lowercase" };
  if (!HOST.test(host)) return { rule: "be a host name of letters, digits, -, _ and ." };
  // a missing domain is told of already
  if (domain !== "" && host !== domain && !host.endsWith(`.${domain}`))
    return { rule: `be a host of zone ${domain}` };
  if (own.includes(host))
    return { rule: "not be a host of the system, which is always ready", isExtra: true };
  return undefined;
}

function duplicateFault(hosts: readonly string[], index: number): Fault | undefined {
  const first = hosts.indexOf(hosts[index] ?? "");
  return first < index ? { rule: `differ from [${first}]`, isExtra: true } : undefined;
}
