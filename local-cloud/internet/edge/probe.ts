import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect, isIP } from "node:net";
import type { InternetHealthcheck } from "../config";

const AGENT = "Mozilla/5.0 (compatible; Cloudflare-Healthchecks/1.0; +https://www.cloudflare.com/)";
const MOST_REDIRECTS = 5;
const LARGEST = 10 * 1024; // bytes that are looked at for the expected text

class Timeout extends Error {}

/** Why the origin is not healthy; empty when it is. Only what timed out is tried again, at once. */
export async function probe(check: InternetHealthcheck, trust: string): Promise<string> {
  for (let tries = 0; ; tries++) {
    try {
      return check.type === "TCP" ? await probeTcp(check) : await probeHttp(check, trust);
    } catch (error) {
      if (error instanceof Timeout && tries < check.retries) continue;
      return reasonOf(error);
    }
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Timeout) return "HTTP timeout occurred";
  const { code, message } = error as NodeJS.ErrnoException;
  return code === "ECONNREFUSED" ? "TCP connection failed" : message;
}

async function probeTcp({ address, port, timeout }: InternetHealthcheck): Promise<string> {
  await new Promise<void>((done, fail) => {
    const socket = connect({ host: address, port, timeout: timeout * 1000 }, () => done());
    socket.once("timeout", () => fail(new Timeout()));
    socket.once("error", fail);
    socket.once("close", () => fail(new Error("TCP connection failed")));
    socket.once("connect", () => socket.destroy());
  });
  return "";
}

async function probeHttp(check: InternetHealthcheck, trust: string): Promise<string> {
  const scheme = check.type === "HTTPS" ? "https" : "http";
  let url = new URL(
    check.path,
    `${scheme}://${isIP(check.address) === 6 ? `[${check.address}]` : check.address}`,
  );
  url.port = String(check.port);
  let { headers } = check;
  for (let hops = 0; ; hops++) {
    const { status, location, body } = await get(check, url, headers, trust);
    if (check.followRedirects && location !== undefined && hops < MOST_REDIRECTS) {
      url = new URL(location, url);
      headers = Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== "host"));
      continue;
    }
    if (!check.codes.some((code) => new RegExp(`^${code.replaceAll("x", "\\d")}$`).test(String(status))))
      return "Response code mismatch error";
    return body.toLowerCase().includes(check.body.toLowerCase()) ? "" : "Response body mismatch error";
  }
}

interface Reply {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: string;
}

function get(
  check: InternetHealthcheck,
  url: URL,
  headers: InternetHealthcheck["headers"],
  trust: string,
): Promise<Reply> {
  const host = Object.entries(headers).find(([name]) => name.toLowerCase() === "host")?.[1][0];
  const tls = { ca: trust, rejectUnauthorized: !check.insecure, servername: host ?? url.hostname };
  const options = { method: check.method, headers: { ...plain(headers), "user-agent": AGENT }, agent: false };
  return new Promise((done, fail) => {
    const take = (reply: IncomingMessage): void => {
      let body = "";
      const finish = (): void =>
        done({ status: reply.statusCode ?? 0, location: reply.headers.location, body });
      reply.on("data", (chunk: Buffer) => {
        body += chunk.toString("latin1");
        if (body.length > LARGEST) finish();
      });
      reply.on("end", finish).on("error", fail);
    };
    const outgoing =
      url.protocol === "https:"
        ? httpsRequest(url, { ...options, ...tls }, take)
        : httpRequest(url, options, take);
    const timer = setTimeout(() => outgoing.destroy(new Timeout()), check.timeout * 1000);
    outgoing
      .on("error", fail)
      .on("close", () => clearTimeout(timer))
      .end();
  });
}

/** A name with one value is sent once: `Host` takes no list. */
function plain(headers: InternetHealthcheck["headers"]): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, [first = "", ...more]]) => [
      name,
      more.length > 0 ? [first, ...more] : first,
    ]),
  );
}
