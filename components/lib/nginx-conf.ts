import {
  challengeLocation,
  directoryOf,
  redirectBlocks,
  siteBlock,
  tlsSettings,
  upstreamOf,
  variable,
  type NginxInput,
} from "./nginx-site";
import { fullHostname } from "./system";
import { DEFAULT_HEADERS, type Site } from "./system-sites";

/**
 * The whole configuration of an nginx that serves nothing else: {@link renderNginxSites} with the rest around it.
 * A query may hold anything, so the access log has none; errors name the request as it came.
 * Reads on nginx 1.22 (Debian 12) and later: `http2 on` is newer than that, so it stands at `listen`.
 */
export function renderNginx(input: NginxInput): string {
  return `worker_processes auto;
worker_shutdown_timeout 1h;
error_log stderr warn;
pid /run/nginx.pid;

events {
	worker_connections 1024;
}

http {
	include /etc/nginx/mime.types;
	default_type application/octet-stream;
	server_names_hash_bucket_size 128;
	sendfile on;
	tcp_nopush on;
	map $request_uri $homeport_logged {
		"~^(?<homeport_path>[^?]*)[?]" "$homeport_path?REDACTED";
		default $request_uri;
	}
	log_format homeport escape=json '{"time":"$time_iso8601","visitor":"$remote_addr","method":"$request_method",'
		'"host":"$host","uri":"$homeport_logged","status":$status,"bytes":$bytes_sent,"seconds":$request_time}';
	access_log /dev/stdout homeport;

${indent(renderNginxSites(input))}}
`;
}

/**
 * The system's sites for nginx's `http` block, a file in conf.d for example: over TLS with the certificate of each
 * host, nothing for unknown hosts.
 *
 * Each service's upstream stands in `upstreams/<service>.conf`, one line `<service> <container>:<port>;`; a switch
 * writes that file and reloads. A service whose file is still missing answers 503. Headers stand at the servers and
 * nowhere below: an `add_header` in a location would hide all of those above it.
 */
export function renderNginxSites(input: NginxInput): string {
  const routes = input.sites.flatMap((site) => site.routes);
  const services = new Map(routes.map(({ service, socket }) => [service, socket]));
  const hosts = input.sites.flatMap((site) => hostsOf(site, input.domain));
  const blocks = [
    visitorBlock(input.edgeCidrs),
    `map $http_upgrade $homeport_connection {\n	"" "";\n	default upgrade;\n}`,
    ...Object.keys(DEFAULT_HEADERS).map(defaultHeaderMap),
    ...[...services].map(([service, socket]) => upstreamMap(service, directoryOf(input), socket)),
    ...zoneLines(input.sites),
    plainBlock(hosts, input),
    strangerBlock(input),
    ...input.sites.flatMap((site) => [siteBlock(site, input), ...redirectBlocks(site, input)]),
  ];
  return blocks.join("\n\n") + "\n";
}

/** The visitor's address is the edge's word when the edge calls, and the caller's own otherwise. */
function visitorBlock(edgeCidrs: readonly string[]): string {
  return `${edgeCidrs.map((cidr) => `set_real_ip_from ${cidr};`).join("\n")}
real_ip_header CF-Connecting-IP;
geo $realip_remote_addr $homeport_is_edge {
	default 0;
${edgeCidrs.map((cidr) => `	${cidr} 1;`).join("\n")}
}
map $homeport_is_edge $homeport_connecting_ip {
	1 $http_cf_connecting_ip;
	default "";
}`;
}

/** Empty, so not added, where the application has one of its own. */
function defaultHeaderMap(name: string): string {
  return `map $upstream_http_${variable(name)} $homeport_${variable(name)} {
	"" "${DEFAULT_HEADERS[name] ?? ""}";
	default "";
}`;
}

/** A map can be filled from a file that may be missing, and its name is looked up again on every use. */
function upstreamMap(service: string, directory: string, socket?: string): string {
  if (socket !== undefined) return `map "" ${upstreamOf(service)} {\n	default unix:${socket};\n}`;
  return `map ${service} ${upstreamOf(service)} {
	include ${directory}/upstreams/${service}.con[f];
	default "";
}`;
}

function zoneLines(sites: readonly Site[]): string[] {
  const zones = sites.flatMap((site) => Object.entries(site.rateLimits));
  if (zones.length === 0) return [];
  const lines = zones.map(
    ([zone, { perSecond }]) =>
      `limit_req_zone $binary_remote_addr zone=${zone}:10m rate=${String(perSecond)}r/s;`,
  );
  return [[...lines, "limit_req_status 429;"].join("\n")];
}

function plainBlock(hosts: readonly string[], input: NginxInput): string {
  return `server {
	listen 80;
	server_name ${hosts.join(" ")};
${challengeLocation(input)}	location / {
		return 301 https://$host$request_uri;
	}
}`;
}

/**
 * An unknown name in SNI ends the handshake; one in the Host header finds the connection closed. The versions of TLS
 * that it says are every site's: OpenSSL settles on one before it reads the name.
 */
function strangerBlock(input: NginxInput): string {
  return `server {
	listen 80 default_server;
	listen 443 ssl http2 default_server;
	ssl_reject_handshake on;
${tlsSettings(input)}
	return 444;
}`;
}

function hostsOf(site: Site, domain: string): string[] {
  return [site.hostname, ...site.redirectsFrom].map((hostname) => fullHostname(hostname, domain));
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "\t");
}
