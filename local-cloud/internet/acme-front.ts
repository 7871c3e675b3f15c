import { readFileSync } from "node:fs";
import { request as plainRequest, type IncomingMessage } from "node:http";
import { createServer, request } from "node:https";

/**
 * In front of pebble, under Let's Encrypt's names: its directory is at /directory, its root (which pebble makes anew at
 * each start) at /roots/0. Everything else is pebble's own. Under Cloudflare's name: its API, for the hosts.
 */
const FOLDER = "/acme";
const APIS = "/apis/apis.sock";
const ACME = 14_000;
const MANAGEMENT = 15_000;

createServer(
  { cert: readFileSync(`${FOLDER}/tls.crt`), key: readFileSync(`${FOLDER}/tls.key`) },
  (asked, answer) => {
    const { method, headers, url = "/" } = asked;
    const take = (reply: IncomingMessage): void => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
    };
    const passed =
      headers.host === "api.cloudflare.com"
        ? plainRequest({ socketPath: APIS, method, headers, path: clientPath(url) }, take)
        : request({ ...pebble(url), method, headers, rejectUnauthorized: false }, take);
    passed.on("error", () => answer.writeHead(502).end());
    asked.pipe(passed);
  },
).listen(443);

function pebble(url: string): { host: string; port: number; path: string } {
  const port = url === "/roots/0" ? MANAGEMENT : ACME;
  return { host: "127.0.0.1", port, path: url === "/directory" ? "/dir" : url };
}

/** Nothing but Cloudflare's API: the daemon has others, which are no host's to call. */
function clientPath(url: string): string {
  const path = new URL(url, "https://api.cloudflare.com");
  return path.pathname.startsWith("/client/v4/") ? `${path.pathname}${path.search}` : "/client/v4/";
}
