import { BlockList, isIPv4 } from "node:net";
import type { System } from "../../components/lib/system";
import {
  broken,
  checkOf,
  proven,
  replaceStep,
  together,
  type Check,
  type Expected,
  type Verdict,
} from "./check";
import type { Answer, NameFacts, ReachFacts } from "./facts";

/** What a visitor sees. */
export const OUTSIDE_CHECKS: readonly Check[] = [
  checkOf("S1-20", "every host resolves to the edge", "names", namesVerdict),
  checkOf("S1-22", "https:// answers 200 where each site says that it is well", "edge", ({ up }) =>
    together(up.map(upVerdict)),
  ),
  checkOf("S1-14", "http:// is redirected to https://", "edge", ({ plain }) =>
    together(plain.map(redirectVerdict)),
  ),
  checkOf(
    "S1-24",
    "hosts beside a site load or redirect to it",
    "edge",
    ({ aliases }) => together(aliases.map((answer) => aliasVerdict(answer, answer.home))),
    ({ sites }) => sites.some(({ redirectsFrom }) => redirectsFrom.length > 0),
  ),
  checkOf("S1-15", "no service can be reached from outside", "reach", (reach, { system }) =>
    closedVerdict(reach, innerPorts(system)),
  ),
  checkOf("H5", "the origin answers nobody but the edge", "reach", (reach) =>
    closedVerdict(reach, ORIGIN_PORTS),
  ),
];

const ORIGIN_PORTS: readonly number[] = [80, 443];
const POSTGRES_PORT = 5432;

/** Ports that services listen on: those of routes and loopback bindings, exposed ones and the databases'. */
export function innerPorts(system: System): number[] {
  const routes = system.sites.flatMap((site) => site.routes.map(({ port }) => port));
  const bound = Object.values(system.services).flatMap(({ ports }) =>
    ports.map((text) => Number(text.split(":")[1])),
  );
  const exposed = Object.values(system.services).flatMap(({ expose }) => expose);
  const databases = system.databases.length > 0 ? [POSTGRES_PORT] : [];
  return [...new Set([...routes, ...bound, ...exposed, ...databases])].sort((a, b) => a - b);
}

/** Ports that must not answer on the public address, around the edge. */
export function closedPorts(system: System): number[] {
  return [...ORIGIN_PORTS, ...innerPorts(system)];
}

/** Each name resolves, and only to the edge's ranges or the server. */
export function namesVerdict(names: NameFacts, { config, serverIp }: Expected): Verdict {
  const allowed = new BlockList();
  allowed.addAddress(serverIp);
  for (const cidr of config.edgeCidrs) {
    const [network = "", prefix = ""] = cidr.split("/");
    allowed.addSubnet(network, Number(prefix), isIPv4(network) ? "ipv4" : "ipv6");
  }
  for (const [name, { addresses, error }] of Object.entries(names)) {
    if (addresses.length === 0) {
      return broken(
        `${name}: ${error ?? "no address"}`,
        "wait for DNS, then homeport verify; or look at the zone's name servers",
      );
    }
    const strange = addresses.find((address) => !allowed.check(address));
    if (strange !== undefined)
      return broken(`${name} resolves to ${strange}, which is neither`, "pulumi up --refresh");
  }
  return proven(
    Object.entries(names)
      .map(([name, { addresses }]) => `${name} ${addresses.join(" ")}`)
      .join(", "),
  );
}

/** Cloudflare's own error pages, and what each says about the origin. */
const EDGE_ERRORS: Readonly<Record<number, readonly [string, string]>> = {
  521: ["the origin refuses connections: the proxy is down", "homeport ssh -- sudo docker ps"],
  522: [
    "the origin does not answer: host down, or a firewall keeps the edge out",
    "homeport verify: see S1-3 and S1-8",
  ],
  525: ["the TLS handshake with the origin fails", "homeport verify: see S1-23"],
  526: ["the origin's certificate does not verify under strict", replaceStep("origin-install")],
  502: ["the proxy cannot reach the application", "homeport ssh -- sudo docker ps -a"],
  503: ["the application is not ready", "homeport ssh -- sudo docker ps"],
  403: [
    "the application or the edge does not accept this host name",
    "look at the hosts that the application accepts, and at the edge's rules",
  ],
};

/** The health page through the edge. */
export function upVerdict(answer: Answer): Verdict {
  return answer.status === 200 ? proven(`${answer.url} 200`) : answerFault(answer);
}

export function redirectVerdict(answer: Answer): Verdict {
  const { status = 0, location = "" } = answer;
  if (status >= 301 && status <= 308 && location.startsWith("https://"))
    return proven(`${status} to ${location}`);
  if (status === 200) return broken(`${answer.url} is served without TLS`, "pulumi up --refresh");
  return answerFault(answer);
}

export function aliasVerdict(answer: Answer, home: string): Verdict {
  const { status = 0, location = "" } = answer;
  if (status === 200) return proven(`${answer.url} 200`);
  const isHome = location === `https://${home}` || location.startsWith(`https://${home}/`);
  if (status >= 301 && status <= 308 && isHome) return proven(`${status} to ${location}`);
  return answerFault(answer);
}

/** None of the ports answers a connection that goes around the edge. */
export function closedVerdict(reach: ReachFacts, ports: readonly number[]): Verdict {
  const unasked = ports.filter((port) => !reach.asked.includes(port));
  if (unasked.length > 0) return broken(`port ${unasked.join(", ")} was not tried`, "homeport verify");
  const open = ports.filter((port) => reach.open.includes(port));
  if (open.length === 0) return proven(`${ports.join(", ")}: no answer on the public address`);
  return broken(`port ${open.join(", ")} answers on the public address`, "pulumi up --refresh");
}

function answerFault(answer: Answer): Verdict {
  const known = EDGE_ERRORS[answer.status ?? 0];
  const what = answer.error ?? `status ${answer.status ?? "none"}`;
  if (known === undefined)
    return broken(`${answer.url}: ${what}`, "homeport verify: the other checks say where");
  return broken(`${answer.url}: ${what}, ${known[0]}`, known[1]);
}
