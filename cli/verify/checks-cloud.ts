import { formatCidr, parseCidr } from "../../components/lib/cidr";
import { systemHostnames } from "../../components/lib/system";
import { stripComment } from "../../components/lib/ssh-keys";
import type { FirewallFacts, ServerFacts, SshKeyFacts, ZoneFacts } from "./api-facts";
import { broken, checkOf, proven, together, type Check, type Expected, type Verdict } from "./check";

const REFRESH = "pulumi up --refresh";

/** What must hold at Hetzner and Cloudflare, asked from their APIs. */
export const CLOUD_CHECKS: readonly Check[] = [
  checkOf("S1-2", "the operator's key is at Hetzner", "sshKeys", sshKeyVerdict),
  checkOf("S1-3", "the server is what was ordered", "server", serverVerdict),
  checkOf("S1-4", "the address is the one in use", "server", addressVerdict),
  checkOf("S1-8", "Hetzner's firewall admits admins and the edge only", "firewalls", firewallVerdict),
  checkOf("S1-18", "every host is a proxied record", "zone", recordsVerdict),
  checkOf("S1-19", "SSL mode is Full (strict)", "zone", sslVerdict),
  checkOf("S1-19", "the edge refuses plain HTTP and old TLS", "zone", edgeVerdict),
];

/** An SSH key of this stack at Hetzner is the configured public key. */
export function sshKeyVerdict(keys: SshKeyFacts, { config }: Expected): Verdict {
  const wanted = stripComment(config.operatorPublicKey);
  const found = keys.find((key) => stripComment(key.publicKey) === wanted);
  if (found !== undefined) return proven(`${found.name} (${wanted.split(" ")[0]})`);
  return broken(`${keys.length} keys of this stack, none of them the configured one`, REFRESH);
}

/** Running, with the configured name, type, location and image. */
export function serverVerdict(server: ServerFacts, { config, serverName }: Expected): Verdict {
  const facts: readonly (readonly [string, string | undefined, string])[] = [
    ["status", server.status, "running"],
    ["name", server.name, serverName],
    ["type", server.server_type.name, config.serverType],
    ["location", server.location?.name, config.location],
    ["image", server.image?.name ?? undefined, config.serverImage],
  ];
  const wrong = facts.filter(([, found, wanted]) => found !== wanted);
  if (wrong.length === 0)
    return proven(
      facts
        .slice(1)
        .map(([, found]) => found)
        .join(", "),
    );
  const found = wrong.map(([name, is, wanted]) => `${name} is ${is ?? "unknown"}, not ${wanted}`).join(", ");
  return broken(
    found,
    server.status === "running" ? REFRESH : "hcloud server poweron NAME, or look in Hetzner's console",
  );
}

/** The stack output is the address that Hetzner gave to the server. */
export function addressVerdict(server: ServerFacts, { serverIp }: Expected): Verdict {
  const address = server.public_net.ipv4?.ip;
  if (address === serverIp) return proven(serverIp);
  return broken(`Hetzner says ${address ?? "none"}, the stack output ${serverIp}`, REFRESH);
}

/** The applied rules: 22 from the admin ranges, 80 and 443 from the edge's, no other TCP or UDP port. */
export function firewallVerdict(firewalls: FirewallFacts, { config }: Expected): Verdict {
  if (firewalls.length === 0) return broken("no firewall is on the server", REFRESH);
  const rules = firewalls.flatMap((firewall) => firewall.rules).filter((rule) => rule.direction === "in");
  const wanted = new Map([
    ["22", canonical(config.adminCidrs)],
    ["80", canonical(config.edgeCidrs)],
    ["443", canonical(config.edgeCidrs)],
  ]);
  const strange = rules.find(
    (rule) => rule.protocol !== "icmp" && !(rule.protocol === "tcp" && wanted.has(rule.port ?? "")),
  );
  if (strange !== undefined)
    return broken(`${strange.protocol} ${strange.port ?? "any port"} is let in`, REFRESH);
  for (const [port, ranges] of wanted) {
    const sources = rules.filter((rule) => rule.port === port).flatMap((rule) => rule.source_ips);
    if (canonical(sources) !== ranges)
      return broken(`port ${port} is open to ${sources.length} other ranges than configured`, REFRESH);
  }
  return proven(`22 from ${config.adminCidrs.length}, 80 and 443 from ${config.edgeCidrs.length} ranges`);
}

/** Every host: an A record of the server (all but the apex may be a CNAME of it), proxied. */
export function recordsVerdict(zone: ZoneFacts, { config, serverIp, system }: Expected): Verdict {
  const { domain, wwwRecord } = config;
  const wanted = systemHostnames(system, domain).map((name) => {
    const isAlias = wwwRecord === "CNAME" && name !== domain;
    return { name, type: isAlias ? "CNAME" : "A", content: isAlias ? domain : serverIp };
  });
  return together(wanted.map((record) => recordVerdict(zone, record)));
}

interface WantedRecord {
  readonly name: string;
  readonly type: string;
  readonly content: string;
}

function recordVerdict(zone: ZoneFacts, { name, type, content }: WantedRecord): Verdict {
  const records = zone.records.filter((each) => each.name === name && /^(A|AAAA|CNAME)$/.test(each.type));
  const [record] = records;
  if (record === undefined) return broken(`${name} has no record`, REFRESH);
  if (records.length > 1)
    return broken(
      `${name} has ${records.length} address records`,
      "remove the ones that are not ours in Cloudflare's console",
    );
  if (record.type !== type || record.content !== content)
    return broken(`${name} is ${record.type} ${record.content}`, REFRESH);
  if (record.proxied !== true) return broken(`${name} is not proxied`, REFRESH);
  return proven(`${name} ${type} ${content}`);
}

/** `strict`: the edge verifies the origin's certificate. */
export function sslVerdict(zone: ZoneFacts): Verdict {
  return zone.ssl === "strict" ? proven("strict") : broken(`the mode is ${zone.ssl}`, REFRESH);
}

/** Visitors are sent to HTTPS, and a browser without TLS 1.2 is not served. */
export function edgeVerdict({ alwaysUseHttps, minTlsVersion }: ZoneFacts): Verdict {
  if (alwaysUseHttps !== "on") return broken(`always_use_https is ${alwaysUseHttps}`, REFRESH);
  if (!(Number(minTlsVersion) >= 1.2)) return broken(`min_tls_version is ${minTlsVersion}`, REFRESH);
  return proven(`always_use_https on, TLS from ${minTlsVersion}`);
}

/** One text for a set of ranges, whatever their order and spelling. */
function canonical(cidrs: readonly string[]): string {
  const texts = cidrs.map((text) => {
    const cidr = parseCidr(text);
    return cidr === undefined ? text : formatCidr(cidr);
  });
  return [...new Set(texts)].sort().join(" ");
}
