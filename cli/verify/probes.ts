import { Resolver } from "node:dns/promises";
import { connect } from "node:net";
import { fullHostname, type System } from "../../components/lib/system";
import type { Site } from "../../components/lib/system-sites";
import { messageOf } from "../output";
import { ask } from "./http";
import { mailRecords, type MailSpec } from "../../components/lib/system-mail";
import type { Answer, EdgeFacts, MailFacts, NameFacts, ReachFacts } from "./facts";

/** The way to the edge from here. Everything empty: as any visitor goes. */
export interface Route {
  /** Address to connect to instead of what the name resolves to (`HOMEPORT_EDGE`). */
  readonly edge?: string;
  /** File with the certificate authority to trust besides the system's (`HOMEPORT_CA`). */
  readonly caFile?: string;
  /** Resolver to ask (`HOMEPORT_DNS`). */
  readonly resolver?: string;
}

const DNS_TIMEOUT_MS = 2_000;
const CONNECT_TIMEOUT_MS = 1_500;

export function routeFromEnvironment(env: NodeJS.ProcessEnv): Route {
  return { edge: env.HOMEPORT_EDGE, caFile: env.HOMEPORT_CA, resolver: env.HOMEPORT_DNS };
}

/** Asks the resolver for the IPv4 addresses of each hostname. */
export async function resolveNames(hostnames: readonly string[], route: Route): Promise<NameFacts> {
  const resolver = resolverOf(route);
  const answers = hostnames.map(async (hostname) => {
    try {
      return [hostname, { addresses: await resolver.resolve4(hostname) }] as const;
    } catch (error) {
      return [hostname, { addresses: [], error: messageOf(error) }] as const;
    }
  });
  return Object.fromEntries(await Promise.all(answers)) as NameFacts;
}

/** Asks the resolver for what a mail system reads. */
export async function mailFacts(
  mail: MailSpec | undefined,
  domain: string,
  route: Route,
): Promise<MailFacts> {
  const resolver = resolverOf(route);
  const answers = mailRecords(mail, domain).map(async ({ name, type }) => {
    try {
      if (type === "CNAME") return [name, { texts: [], aliases: await resolver.resolveCname(name) }] as const;
      const texts = (await resolver.resolveTxt(name)).map((strings) => strings.join(""));
      return [name, { texts, aliases: [] }] as const;
    } catch (error) {
      return [name, { texts: [], aliases: [], error: messageOf(error) }] as const;
    }
  });
  return Object.fromEntries(await Promise.all(answers)) as MailFacts;
}

function resolverOf({ resolver: server }: Route): Resolver {
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: 2 });
  if (server !== undefined) resolver.setServers([server]);
  return resolver;
}

/** Asks each site as a visitor does: its health page, the same over plain HTTP, and the hosts that redirect to it. */
export async function edgeFacts(system: System, domain: string, route: Route): Promise<EdgeFacts> {
  const { sites } = system;
  const page = (site: Site): string => `${fullHostname(site.hostname, domain)}${site.healthPath}`;
  const aliases = sites.flatMap((site) =>
    site.redirectsFrom.map(async (alias) => ({
      ...(await look(`https://${fullHostname(alias, domain)}/`, route)),
      home: fullHostname(site.hostname, domain),
    })),
  );
  return {
    up: await Promise.all(sites.map((site) => look(`https://${page(site)}`, route))),
    plain: await Promise.all(sites.map((site) => look(`http://${page(site)}`, route))),
    aliases: await Promise.all(aliases),
  };
}

/** Which ports of the server answer a connection from here. */
export async function reachFacts(address: string, asked: readonly number[]): Promise<ReachFacts> {
  const answers = await Promise.all(asked.map((port) => isOpen(address, port)));
  return { asked, open: asked.filter((_port, index) => answers[index]) };
}

async function look(url: string, route: Route): Promise<Answer> {
  const { status, headers, error } = await ask({ url }, route);
  return error === undefined ? { url, status, location: headers.location } : { url, error };
}

function isOpen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (isConnected: boolean): void => {
      socket.destroy();
      resolve(isConnected);
    };
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => end(false));
    socket.on("connect", () => end(true));
    socket.on("error", () => end(false));
  });
}
