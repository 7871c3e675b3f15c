import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import type { Route } from "./probes";

/** A visitor's question. */
export interface HttpRequest {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An answer over HTTP with its body, or why there was none. */
export interface HttpAnswer {
  readonly status?: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** At most 1 MiB of it. */
  readonly body: string;
  readonly error?: string;
}

const TIMEOUT_MS = 10_000;
const MOST_BYTES = 1024 ** 2;

/** Asks as a visitor does; redirects are answers. */
export function ask(
  { url, method = "GET", headers = {}, body }: HttpRequest,
  route: Route,
): Promise<HttpAnswer> {
  const { hostname, protocol, pathname, search } = new URL(url);
  const common = {
    host: route.edge ?? hostname,
    path: pathname + search,
    method,
    headers: { "user-agent": "homeport-verify", ...headers, host: hostname },
    timeout: TIMEOUT_MS,
  };
  return new Promise((resolve) => {
    const onAnswer = (answer: http.IncomingMessage): void => void collect(answer).then(resolve, fail);
    const fail = (error: Error): void => resolve({ headers: {}, body: "", error: error.message });
    const request =
      protocol === "http:"
        ? http.request(common, onAnswer)
        : https.request({ ...common, servername: hostname, ...trust(route) }, onAnswer);
    request.on("timeout", () => request.destroy(new Error(`no answer in ${TIMEOUT_MS / 1000} s`)));
    request.on("error", fail);
    request.end(body);
  });
}

async function collect(answer: http.IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MOST_BYTES) break;
  }
  const headers = Object.fromEntries(
    Object.entries(answer.headers).map(([name, value]) => [name, [value].flat().join(", ")]),
  );
  return { status: answer.statusCode, headers, body: Buffer.concat(chunks).toString("utf8") };
}

function trust(route: Route): { readonly ca?: string } {
  return route.caFile === undefined ? {} : { ca: readFileSync(route.caFile, "utf8") };
}
