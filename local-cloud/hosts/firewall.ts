/** One permission of a cloud firewall; what no rule permits is dropped. */
export interface FilterRule {
  readonly protocol: "tcp" | "udp" | "icmp" | "esp" | "gre";
  /** `80`, `1024-5000` or `any`; null for protocols without ports. */
  readonly port: string | null;
  /** CIDR blocks of the other side. */
  readonly peers: readonly string[];
}

/** What may reach one host, and what it may reach; null means everything. */
export interface HostFirewall {
  readonly address: string;
  readonly inbound: readonly FilterRule[] | null;
  readonly outbound: readonly FilterRule[] | null;
}

export interface FirewallPlace {
  /** Name of the nft table, family `inet`. */
  readonly table: string;
  readonly bridge: string;
  /** CIDR of all hosts' addresses: the only packets that are looked at. */
  readonly hosts: string;
}

/** nft's name for a cloud's table: only letters, digits and `_` are allowed. */
export function tableName(cloud: string): string {
  return `homeport_${cloud.replace(/[^a-zA-Z0-9]/g, "_")}`;
}

function render(rule: FilterRule, side: "saddr" | "daddr"): string[] {
  // the hosts have no IPv6 yet, so its peers permit nothing
  const peers = rule.peers.filter((peer) => !peer.includes(":"));
  if (peers.length === 0) return [];
  // an interval set refuses overlapping blocks, so one rule per block
  return peers.map((peer) => {
    const from = peer === "0.0.0.0/0" ? "" : `ip ${side} ${peer} `;
    if (rule.port === null) return `${from}ip protocol ${rule.protocol} accept`;
    const port = rule.port === "any" ? "1-65535" : rule.port;
    return `${from}${rule.protocol} dport ${port} accept`;
  });
}

function chain(name: string, rules: readonly FilterRule[] | null, side: "saddr" | "daddr"): string {
  const lines =
    rules === null ? ["accept"] : [...rules.flatMap((rule) => render(rule, side)), "counter drop"];
  return `  chain ${name} {\n${lines.map((line) => `    ${line}\n`).join("")}  }\n`;
}

function dispatch(name: string, match: string, prefix: string, hosts: readonly HostFirewall[]): string {
  // no verdict map: one written by nft 1.1 (in the services image) makes nft 1.0 of Debian 12 crash when it lists
  const jumps = hosts.map(
    (host) => `    ip ${match} ${host.address} jump ${prefix}${host.address.replaceAll(".", "_")}\n`,
  );
  // last line: an address that no server has, such as one that a host gave itself
  return `  chain ${name} {\n    ct state established,related accept\n${jumps.join("")}    counter drop\n  }\n`;
}

/**
 * An nft script that replaces the cloud's whole table in one transaction. The filters stand in this machine's
 * network namespace, outside the hosts' reach; same-bridge packets pass there by `bridge-nf-call-iptables`.
 */
export function renderFirewall(place: FirewallPlace, hosts: readonly HostFirewall[]): string {
  const table = `inet ${place.table}`;
  const to = `oifname "${place.bridge}" ip daddr ${place.hosts} jump inbound`;
  const from = `iifname "${place.bridge}" ip saddr ${place.hosts} jump outbound`;
  const named = (prefix: string, host: HostFirewall): string =>
    `${prefix}${host.address.replaceAll(".", "_")}`;
  return [
    `add table ${table}\ndelete table ${table}\ntable ${table} {\n`,
    ...hosts.map((host) => chain(named("in_", host), host.inbound, "saddr")),
    ...hosts.map((host) => chain(named("out_", host), host.outbound, "daddr")),
    dispatch("inbound", "daddr", "in_", hosts),
    dispatch("outbound", "saddr", "out_", hosts),
    // two base chains per hook: an accept ends only its own, so a packet between hosts needs both sides' leave
    `  chain forward_in { type filter hook forward priority -5; ${to}; }\n`,
    `  chain forward_out { type filter hook forward priority -6; ${from}; }\n`,
    `  chain machine_in { type filter hook input priority -5; ${from}; }\n`,
    `  chain machine_out { type filter hook output priority -5; ${to}; }\n}\n`,
  ].join("");
}
