import { BlockList, isIPv4 } from "node:net";
import { broken, checkOf, proven, replaceStep, type Check, type Expected, type Verdict } from "./check";
import type { Answer, NameFacts, ReachFacts } from "./facts";

/** What a visitor sees. */
export const OUTSIDE_CHECKS: readonly Check[] = [
  checkOf("S1-20", "apex and www resolve to the edge", "names", namesVerdict),
  checkOf("S1-22", "https://…/up answers 200", "edge", (edge) => upVerdict(edge.up)),
  checkOf("S1-14", "http:// is redirected to https://", "edge", (edge) => redirectVerdict(edge.plain)),
  checkOf("S1-24", "https://www… loads or redirects", "edge", (edge, expected) =>
    wwwVerdict(edge.www, expected.config.domain),
  ),
  checkOf("S1-15", "the database cannot be reached from outside", "reach", (reach) =>
    closedVerdict(reach, [5432]),
  ),
  checkOf("H5", "the origin answers nobody but the edge", "reach", (reach) =>
    closedVerdict(reach, [80, 443]),
  ),
];

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
    "look at APP_HOSTS and the edge's rules",
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

export function wwwVerdict(answer: Answer, domain: string): Verdict {
  const { status = 0, location = "" } = answer;
  if (status === 200) return proven(`${answer.url} 200`);
  const isHome = location === `https://${domain}` || location.startsWith(`https://${domain}/`);
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
