import { ACME_ROOT, certificateFile, CHALLENGE_PATH } from "./acme";
import { fullHostname } from "./system";
import { DEFAULT_HEADERS, redirectTarget, withoutSlash, type Route, type Site } from "./system-sites";

export interface NginxInput {
  readonly sites: readonly Site[];
  readonly domain: string;
  /** Whose `CF-Connecting-IP` is believed, CIDRs. */
  readonly edgeCidrs: readonly string[];
  /** Host -> files of its certificate (with the chain) and key. @default tls/origin.crt and tls/origin.key */
  readonly certificateOf?: (host: string) => { readonly certificate: string; readonly key: string };
  /** A file with the settings of TLS, such as certbot's options-ssl-nginx.conf. @default settings of ours */
  readonly tlsOptions?: string;
  /** Where the proxy finds certificate and upstreams. @default /etc/nginx/homeport */
  readonly directory?: string;
  /** Root of ACME's HTTP challenges. @default /var/www/certbot */
  readonly acmeRoot?: string;
  /** Who knows the upstreams' names; not needed for addresses. @default Docker's own, 127.0.0.11 */
  readonly resolver?: string;
}

const DIRECTORY = "/etc/nginx/homeport";
const DOCKER_DNS = "127.0.0.11";
/** Longer than the edge keeps an idle connection (900 s): the origin never closes one that is being used. */
const IDLE = "16m";
/** Longer than the edge waits for an answer, or lets a websocket be silent (100 s). */
const SILENCE = "120s";
const COMMON = `	server_tokens off;
	client_header_timeout 10s;
	keepalive_timeout ${IDLE};`;
const GZIP_TYPES = "text/plain text/css text/xml application/json application/javascript application/xml";

/** Where certificate and upstreams are. */
export function directoryOf(input: NginxInput): string {
  return input.directory ?? DIRECTORY;
}

/** The server of a site; a route's locations are regular expressions in order, longest first. */
export function siteBlock(site: Site, input: NginxInput): string {
  const host = fullHostname(site.hostname, input.domain);
  const prefixes = [
    ...site.routes,
    ...Object.values(site.rateLimits).flatMap(({ burst }) => Object.keys(burst)),
    ...site.unlogged,
  ]
    .map((each) => withoutSlash(typeof each === "string" ? each : each.path))
    .sort((a, b) => b.length - a.length);
  const gzip = `	gzip on;\n	gzip_vary on;\n	gzip_proxied any;\n	gzip_types ${GZIP_TYPES};\n`;
  return `server {
	listen 443 ssl http2;
	server_name ${host};
${tlsLines(host, site, input)}
${COMMON}
	client_max_body_size ${String(site.maxBodyMb)}m;
${site.gzip ? gzip : ""}${headerLines(site)}
${upstreamLines(input.resolver ?? DOCKER_DNS)}
${challengeLines(site, input)}${redirectLines(site, host)}${[...new Set(prefixes)].map((prefix) => location(prefix, site)).join("")}${
    prefixes.includes("") ? "" : "	location / {\n		return 404;\n	}\n"
  }}`;
}

function tlsLines(host: string, site: Site, input: NginxInput): string {
  const directory = directoryOf(input);
  const own = certificateFile(site, input.domain);
  const shared = { certificate: `${directory}/tls/origin.crt`, key: `${directory}/tls/origin.key` };
  const ours =
    own === undefined ? shared : { certificate: `${directory}/${own}.pem`, key: `${directory}/${own}.pem` };
  const { certificate, key } = input.certificateOf?.(host) ?? ours;
  return `	ssl_certificate ${certificate};\n	ssl_certificate_key ${key};\n${tlsSettings(input)}`;
}

/** Versions and ciphers of TLS (S4-9). */
export function tlsSettings({ tlsOptions }: NginxInput): string {
  if (tlsOptions !== undefined) return `	include ${tlsOptions};`;
  return `	ssl_protocols TLSv1.2 TLSv1.3;
	ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256;
	ssl_prefer_server_ciphers off;
	ssl_session_cache shared:SSL:10m;
	ssl_session_timeout 1d;`;
}

/** Over TLS as well: the edge sends whoever asks in plain there, and the ACME server follows. */
function challengeLines(site: Site, input: NginxInput): string {
  return site.tls === "acme-http" ? challengeLocation(input) : "";
}

/** The answers to ACME's HTTP challenges. */
export function challengeLocation(input: NginxInput): string {
  return `	location ^~ ${CHALLENGE_PATH} {
		root ${input.acmeRoot ?? ACME_ROOT};
		default_type text/plain;
	}
`;
}

function headerLines(site: Site): string {
  const own = Object.keys(site.headers).map((name) => name.toLowerCase());
  const defaults = Object.keys(DEFAULT_HEADERS).filter((name) => !own.includes(name.toLowerCase()));
  return [
    ...Object.entries(site.headers).flatMap(([name, value]) => [
      `	proxy_hide_header ${name};`,
      `	add_header ${name} "${value.replaceAll('"', '\\"')}" always;`,
    ]),
    ...defaults.map((name) => `	add_header ${name} $homeport_${variable(name)} always;`),
  ].join("\n");
}

function redirectLines(site: Site, host: string): string {
  return Object.entries(site.redirects)
    .map(([from, to]) => `	location = ${from} {\n		return 308 ${redirectTarget(host, to)};\n	}\n`)
    .join("");
}

/** What is below a path, and the path itself: of a route, or of a limit or a silence inside of one. */
function location(prefix: string, site: Site): string {
  const limits = Object.entries(site.rateLimits).flatMap(([zone, { burst }]) =>
    Object.entries(burst)
      .filter(([path]) => withoutSlash(path) === prefix)
      .map(([, more]) => `		limit_req zone=${zone}${more === 0 ? "" : ` burst=${String(more)} nodelay`};\n`),
  );
  // errors name the request as well
  const silence = site.unlogged.some((path) => `${prefix}/`.startsWith(`${withoutSlash(path)}/`))
    ? "		access_log off;\n		error_log stderr emerg;\n"
    : "";
  const route = site.routes.find(({ path }) => `${prefix}/`.startsWith(`${withoutSlash(path)}/`));
  const where = prefix === "" ? "/" : `~ ^${prefix.replaceAll(".", "\\.")}(/|$)`;
  const body = route === undefined ? "		return 404;\n" : proxyLines(route, site);
  return `	location ${where} {\n${silence}${limits.join("")}${body}	}\n`;
}

function proxyLines(route: Route, site: Site): string {
  const upstream = upstreamOf(route.service);
  const lines = [
    `if (${upstream} = "") {\n			return 503;\n		}`,
    ...(route.replacePath === undefined ? [] : [rewrite(withoutSlash(route.path), route.replacePath)]),
    ...(route.maxBodyMb === site.maxBodyMb ? [] : [`client_max_body_size ${String(route.maxBodyMb)}m;`]),
    `proxy_pass http://${upstream};`,
  ];
  return lines.map((line) => `		${line}\n`).join("");
}

/** What follows the path is kept, and nginx keeps the query. */
function rewrite(path: string, replacement: string): string {
  const from = path.replaceAll(".", "\\.");
  if (replacement === "/") return `rewrite ^${from}/?(.*)$ /$1 break;`;
  return `rewrite ^${from}(/.*)?$ ${withoutSlash(replacement)}$1 break;`;
}

/** What services are told, the same for all of them: the visitor and no other proxy on the way. */
function upstreamLines(resolver: string): string {
  return `	resolver ${resolver} valid=5s ipv6=off;
	proxy_http_version 1.1;
	proxy_set_header Host $host;
	proxy_set_header X-Real-IP $remote_addr;
	proxy_set_header X-Forwarded-For $remote_addr;
	proxy_set_header X-Forwarded-Proto $scheme;
	proxy_set_header X-Forwarded-Host $host;
	proxy_set_header CF-Connecting-IP $homeport_connecting_ip;
	proxy_set_header Upgrade $http_upgrade;
	proxy_set_header Connection $homeport_connection;
	proxy_cache_bypass $http_upgrade;
	proxy_connect_timeout 2s;
	proxy_read_timeout ${SILENCE};
	proxy_send_timeout ${SILENCE};`;
}

/** The servers of the hosts that redirect to a site. */
export function redirectBlocks(site: Site, input: NginxInput): string[] {
  const leave = `	return 308 https://${fullHostname(site.hostname, input.domain)}$request_uri;\n`;
  return site.redirectsFrom.map((hostname) => {
    const host = fullHostname(hostname, input.domain);
    return `server {
	listen 443 ssl http2;
	server_name ${host};
${tlsLines(host, site, input)}
${COMMON}
${headerLines(site)}
${challengeLines(site, input)}${site.tls === "acme-http" ? `	location / {\n	${leave}	}` : leave.trimEnd()}
}`;
  });
}

/** The variable that holds a service's upstream. */
export function upstreamOf(service: string): string {
  return `$homeport_to_${variable(service)}`;
}

/** A header or service as nginx has it in a variable's name. */
export function variable(name: string): string {
  return name.toLowerCase().replaceAll("-", "_");
}
