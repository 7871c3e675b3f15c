import { ACCESS_LOG_FILE, type AccessLog } from "./system-access-log";

/** Where Caddy's container sees the access log's directory. */
export const CADDY_LOGS = "/var/log/caddy";

/**
 * What may hold a credential is in no line, whatever it is called: neither a header nor a query. Without it Caddy would
 * hide `Authorization` and cookies alone.
 */
const FORMAT = `format filter {
	wrap json
	fields {
		request>uri regexp "[?].*" "?REDACTED"
		request>headers delete
		request>tls delete
		resp_headers delete
	}
}`;

/** Of errors and of Caddy's own messages, which name requests as well; and of visits, where the host keeps a file of them. */
export function globalLogs(accessLog: AccessLog | undefined, directory = CADDY_LOGS): string {
  const own = `log {\n${indent(`output stderr\n${FORMAT}`)}\n}`;
  if (accessLog === undefined) return own;
  const file = `include http.log.access
output file ${directory}/${ACCESS_LOG_FILE} {
	roll_size ${accessLog.rollSizeMb}MiB
	roll_keep ${accessLog.rollKeep}
	roll_keep_for ${accessLog.rollKeepDays * 24}h
}
${FORMAT}`;
  return `${own}\nlog access {\n${indent(file)}\n}`;
}

/**
 * A line for each request to a site. `user_id` is the visitor's address by the word of the edge: with headers it would
 * be gone, and Caddy before 2.7 knows no other field for it.
 */
export const SITE_LOG = `map @edge {remote_host} {http.auth.user.id} {
	default {http.request.header.CF-Connecting-IP}
}
log {
${indent(`output stdout\n${FORMAT}`)}
}`;

/** A line's depth is in tabs. */
export function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "\t");
}
