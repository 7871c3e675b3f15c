import type { FilterRule, HostFirewall } from "../hosts/firewall";
import type { Hosts } from "../hosts/hosts";
import { parseSelector } from "./labels";
import type { Firewall, Server, State } from "./types";

/** The firewalls that apply to a server, by its id or by a label selector that matches it now. */
export function firewallsOf(state: State, server: Server): Firewall[] {
  return state.firewalls.filter((firewall) =>
    firewall.applied_to.some((target) =>
      target.type === "server"
        ? target.server.id === server.id
        : parseSelector(target.label_selector.selector)?.(server.labels),
    ),
  );
}

/**
 * What a server's firewalls permit together. Without a firewall everything passes. With one, inbound packets need
 * a rule; outbound ones only when there are outbound rules.
 */
export function filtersOf(state: State, server: Server, address: string): HostFirewall {
  const firewalls = firewallsOf(state, server);
  const rules = (direction: "in" | "out"): FilterRule[] =>
    firewalls
      .flatMap((firewall) => firewall.rules)
      .filter((rule) => rule.direction === direction)
      .map(({ protocol, port, source_ips, destination_ips }) => ({
        ...{ protocol, port, peers: direction === "in" ? source_ips : destination_ips },
      }));
  const outbound = rules("out");
  return {
    address,
    inbound: firewalls.length === 0 ? null : rules("in"),
    outbound: outbound.length === 0 ? null : outbound,
  };
}

/** Filters for every server that has a public IPv4 address. */
export function allFilters(state: State): HostFirewall[] {
  return state.servers.flatMap((server) => {
    const ip = state.primary_ips.find((one) => one.assignee_id === server.id && one.type === "ipv4");
    return ip ? [filtersOf(state, server, ip.ip)] : [];
  });
}

/** Keeps the packet filters as the state says: one replacement at a time, the newest state always last. */
export class FirewallSync {
  private next: Promise<void> | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly state: State,
    private readonly hosts: Hosts,
  ) {}

  /** Resolves when filters at least as new as the state of this moment are in force. */
  apply(): Promise<void> {
    this.next ??= this.running
      .catch(() => undefined)
      .then(() => {
        this.next = undefined;
        this.running = this.hosts.applyFirewalls(allFilters(this.state));
        return this.running;
      });
    return this.next;
  }
}
