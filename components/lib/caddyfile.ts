import { ACME_ROOT, acmeSites, certificateFile, CHALLENGE_PATH } from "./acme";
import { globalLogs, indent, SITE_LOG } from "./caddy-log";
import { fullHostname } from "./system";
import type { AccessLog } from "./system-access-log";
import { DEFAULT_HEADERS, redirectTarget, withoutSlash, type Route, type Site } from "./system-sites";

export interface CaddyfileInput {
  readonly sites: readonly Site[];
  readonly domain: string;
  /** Whose `CF-Connecting-IP` is believed, CIDRs. */
  readonly edgeCidrs: readonly string[];
  /** Where the proxy finds certificate and upstreams. @default /etc/caddy */
  readonly directory?: string;
  /** @default visits are in the container's log alone */
  readonly accessLog?: AccessLog;
  /** Where the proxy finds the access log's directory. @default /var/log/caddy */
  readonly logDirectory?: string;
}

/** Longer than the edge keeps an idle connection (900 s): the origin never closes one that is being used. */
const IDLE = "16m";
/** Shorter than puma keeps one (20 s), for the same reason on the other side. */
const UPSTREAM_IDLE = "10s";

/**
 * The proxy's configuration: the system's sites over TLS with the origin certificate, nothing for unknown hosts.
 * Reads on Caddy 2.6 and later: 2.6.2 has no `trusted_proxies` for a whole server, hence the matcher.
 *
 * Each service's upstream stands in `upstreams/<service>.caddy`, one line `to <container>:<port>`; a switch writes
 * that file and runs `caddy reload`. A service whose file is still missing answers 503.
 */
export function renderCaddyfile(input: CaddyfileInput): string {
  const directory = input.directory ?? "/etc/caddy";
  const blocks = [
    globalBlock(input),
    tlsSnippet(directory),
    headersSnippet(),
    visitorSnippet(input.edgeCidrs),
    ...input.sites.map((site) => siteBlock(site, input.domain, directory)),
    ...input.sites.flatMap((site) => redirectBlocks(site, input.domain, directory)),
    ...challengeBlocks(input),
    plainBlock(
      input.sites.filter(({ tls }) => tls !== "acme-http").flatMap((site) => hostsOf(site, input.domain)),
    ),
    strangerBlock(),
  ];
  return blocks.filter((block) => block !== "").join("\n\n") + "\n";
}

function globalBlock({ accessLog, logDirectory }: CaddyfileInput): string {
  return `{
	admin localhost:2019
	auto_https off
${indent(globalLogs(accessLog, logDirectory))}
	servers {
		protocols h1 h2
		timeouts {
			read_header 10s
			idle ${IDLE}
		}
	}
}`;
}

function tlsSnippet(directory: string): string {
  return `(origin_tls) {
	tls ${directory}/tls/origin.crt ${directory}/tls/origin.key
}`;
}

/** Only where the application has none of its own, each for itself: in one block `?` is all or nothing. */
function headersSnippet(): string {
  const defaults = Object.entries(DEFAULT_HEADERS).map(([name, value]) => `	header ?${name} "${value}"`);
  return `(security_headers) {
${defaults.join("\n")}
	header -Server
}`;
}

/** The visitor's address is the edge's word when the edge calls, and the caller's own otherwise; each visit is logged. */
function visitorSnippet(edgeCidrs: readonly string[]): string {
  return `(visitor) {
	@edge {
		remote_ip ${edgeCidrs.join(" ")}
		header CF-Connecting-IP *
	}
	@stranger not remote_ip ${edgeCidrs.join(" ")}
${indent(SITE_LOG)}
}`;
}

function siteBlock(site: Site, domain: string, directory: string): string {
  const matchers = site.routes.map((route, index) => matcher(route, index)).join("");
  const handlers = site.routes.map((route, index) => handler(route, index, directory)).join("\n");
  const host = fullHostname(site.hostname, domain);
  const own = ownHeaders(site);
  const rest = site.routes.some((route) => route.path === "/") ? "" : "\n		handle {\n			respond 404\n		}";
  return `https://${host} {
${tlsLine(site, domain, directory)}
	import visitor
${matchers}	route {
		import security_headers
${own}		request_header @stranger -CF-Connecting-IP
		request_header X-Real-IP {remote_host}
		request_header @edge X-Real-IP {http.request.header.CF-Connecting-IP}
${site.gzip ? "		encode gzip\n" : ""}${challenges(site, "\t\t")}${redirects(site, host)}${handlers}${rest}
	}
	handle_errors {
		import security_headers
${own}		respond "" {http.error.status_code}
	}
}`;
}

/** Last of all, so that they stand in place of the application's; in errors of the proxy's own too. */
function ownHeaders(site: Site): string {
  const lines = Object.entries(site.headers).map(
    ([name, value]) => `			${name} "${value.replaceAll('"', '\\"')}"\n`,
  );
  return lines.length === 0 ? "" : `		header {\n${lines.join("")}			defer\n		}\n`;
}

function redirects(site: Site, host: string): string {
  return Object.entries(site.redirects)
    .map(([from, to]) => `		redir ${from} ${redirectTarget(host, to)} 308\n`)
    .join("");
}

function matcher(route: Route, index: number): string {
  if (route.path === "/") return "";
  const path = withoutSlash(route.path);
  return `	@route${index} path ${path} ${path}/*\n`;
}

/** The glob is for the first start: a missing file is an error, a glob without a match is not. */
function upstream({ service, socket }: Route, directory: string): string {
  return socket === undefined ? `import ${directory}/upstreams/${service}.cadd?` : `to unix/${socket}`;
}

function handler(route: Route, index: number, directory: string): string {
  return `		handle ${route.path === "/" ? "" : `@route${index} `}{
			request_body {
				max_size ${route.maxBodyMb}MB
			}
${replacement(route)}			reverse_proxy {
				${upstream(route, directory)}
				header_up X-Forwarded-For {http.request.header.X-Real-IP}
				lb_try_duration 5s
				lb_try_interval 250ms
				transport http {
					dial_timeout 2s
					keepalive ${UPSTREAM_IDLE}
				}
			}
		}`;
}

/** One directive: inside of `handle` several would be put in Caddy's own order. */
function replacement({ path, replacePath }: Route): string {
  if (replacePath === undefined) return "";
  const from = withoutSlash(path).replaceAll(".", "\\.");
  const to = replacePath === "/" ? `^${from}/? /` : `^${from} ${withoutSlash(replacePath)}`;
  return `			uri path_regexp ${to}\n`;
}

/** A line that the host keeps for the site, its own certificate or what stands in; or the one that all others share. */
function tlsLine(site: Site, domain: string, directory: string): string {
  const file = certificateFile(site, domain);
  if (file === undefined) return "	import origin_tls";
  return `	import ${directory}/${file}.caddy`;
}

/** Over TLS as well: the edge sends whoever asks in plain there, and the ACME server follows. */
function challenges(site: Site, margin: string): string {
  if (site.tls !== "acme-http") return "";
  const lines = [`handle ${CHALLENGE_PATH}* {`, `	root * ${ACME_ROOT}`, "	file_server", "}"];
  return lines.map((line) => `${margin}${line}\n`).join("");
}

function challengeBlocks({ sites, domain }: CaddyfileInput): string[] {
  return acmeSites(sites, ["acme-http"]).map((site) => {
    const hosts = hostsOf(site, domain).map((host) => `http://${host}`);
    return `${hosts.join(", ")} {
${challenges(site, "	")}	handle {
		redir https://{host}{uri} 308
	}
}`;
  });
}

function redirectBlocks(site: Site, domain: string, directory: string): string[] {
  const redirect = `redir https://${fullHostname(site.hostname, domain)}{uri} 308`;
  const answer = site.tls === "acme-http" ? `handle {\n		${redirect}\n	}` : redirect;
  return site.redirectsFrom.map(
    (hostname) => `https://${fullHostname(hostname, domain)} {
${tlsLine(site, domain, directory)}
	import visitor
	import security_headers
${challenges(site, "	")}	${answer}
}`,
  );
}

function plainBlock(hosts: readonly string[]): string {
  if (hosts.length === 0) return "";
  return `${hosts.map((host) => `http://${host}`).join(", ")} {
	redir https://{host}{uri} 308
}`;
}

/** An unknown name in SNI finds no certificate; one in the Host header finds the connection closed. */
function strangerBlock(): string {
  return `http://, https:// {
	abort
}`;
}

function hostsOf(site: Site, domain: string): string[] {
  return [site.hostname, ...site.redirectsFrom].map((hostname) => fullHostname(hostname, domain));
}
