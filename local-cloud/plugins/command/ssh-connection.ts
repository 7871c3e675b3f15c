import { setTimeout as delay } from "node:timers/promises";
import type { Duplex } from "node:stream";
import { Client } from "ssh2";
import type { Context } from "../lib";
import { HOST_KEY_MISMATCH, sshConfig, type Endpoint } from "./ssh-auth";

/** How to reach a host, through a proxy (a bastion) if one is given. */
export interface Connection extends Endpoint {
  readonly proxy?: Endpoint;
}

type Waiting = Pick<Context, "signal" | "log">;

/** Connects, uses and closes a connection; dials again with growing pauses as the connection says. */
export async function withConnection<T>(
  connection: Connection,
  context: Waiting,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const opened: Client[] = [];
  const close = (): void => opened.forEach((client) => client.destroy());
  context.signal.addEventListener("abort", close);
  try {
    const client = connection.proxy
      ? await dialThrough(connection.proxy, connection, context, opened)
      : await dial("Dial", connection, context, opened);
    return await abortable(use(client), context.signal);
  } finally {
    context.signal.removeEventListener("abort", close);
    opened.forEach((client) => client.end());
  }
}

/** A cancelled command's connection is cut: what is left to say is why. */
function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return work.catch((error: unknown) => {
    throw signal.aborted ? abortReason(signal) : error;
  });
}

async function dialThrough(
  proxy: Endpoint,
  target: Endpoint,
  context: Waiting,
  opened: Client[],
): Promise<Client> {
  try {
    const bastion = await dial("Dial proxy", proxy, context, opened);
    return await dial("Dial", target, context, opened, () => forward(bastion, target));
  } catch (error) {
    throw context.signal.aborted ? error : new Error(`proxy: ${(error as Error).message}`);
  }
}

function forward(client: Client, { host, port }: Endpoint): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    client.forwardOut("127.0.0.1", 0, host, port, (error, stream) =>
      error ? reject(error) : resolve(stream),
    );
  });
}

/** One pause of 0.1 s, each next one half as long again, 5 s at most: Pulumi's retry package. */
const FIRST_PAUSE_MS = 100;
const PAUSE_FACTOR = 1.5;
const LONGEST_PAUSE_MS = 5000;

async function dial(
  label: string,
  endpoint: Endpoint,
  { signal, log }: Waiting,
  opened: Client[],
  transport?: () => Promise<Duplex>,
): Promise<Client> {
  const limit = endpoint.dialErrorLimit;
  let pause = FIRST_PAUSE_MS;
  for (let failures = 1; ; failures++) {
    throwIfAborted(signal);
    try {
      return await connect(endpoint, opened, await transport?.());
    } catch (error) {
      throwIfAborted(signal);
      if (error instanceof UnusableEndpoint) throw error;
      if (limit > -1 && failures > limit) {
        throw new Error(`after ${failures - 1} failed attempts: ${(error as Error).message}`);
      }
      log("info", `${label} ${failures}/${limit === -1 ? "inf" : limit} failed: retrying`, true);
    }
    await delay(pause, undefined, { signal }).catch(() => undefined);
    pause = Math.min(pause * PAUSE_FACTOR, LONGEST_PAUSE_MS);
  }
}

/** A fault of the connection's own values: dialling again cannot help. */
class UnusableEndpoint extends Error {}

function connect(endpoint: Endpoint, opened: Client[], sock: Duplex | undefined): Promise<Client> {
  const client = new Client();
  let isDenied = false;
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      opened.splice(opened.indexOf(client), 1);
      reject(new Error(isDenied ? HOST_KEY_MISMATCH : dialError(error, endpoint)));
    };
    client.on("ready", () => resolve(client));
    client.on("error", fail);
    client.on("close", () => fail(new Error("the connection was closed during the handshake")));
    opened.push(client);
    try {
      const config = sshConfig(endpoint, () => (isDenied = true));
      client.connect({ ...config, ...(sock ? { sock } : { host: endpoint.host, port: endpoint.port }) });
    } catch (error) {
      reject(new UnusableEndpoint((error as Error).message));
    }
  });
}

const DIAL_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connect: connection refused",
  ECONNRESET: "read: connection reset by peer",
  EHOSTUNREACH: "connect: no route to host",
  ENETUNREACH: "connect: network is unreachable",
  ETIMEDOUT: "i/o timeout",
  ENOTFOUND: "no such host",
};

/** The words in which the published plugin reports a failed dial. */
function dialError(error: Error & { code?: string; level?: string }, { host, port }: Endpoint): string {
  const at = `dial tcp ${host}:${Math.trunc(port)}`;
  if (error.code && DIAL_ERRORS[error.code]) return `${at}: ${DIAL_ERRORS[error.code]}`;
  if (error.level === "client-timeout") return `${at}: i/o timeout`;
  if (error.level === "client-authentication") {
    return "ssh: handshake failed: ssh: unable to authenticate, no supported methods remain";
  }
  return `ssh: handshake failed: ${error.message}`;
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortReason(signal);
}

function abortReason(signal: AbortSignal): Error {
  const isTimeout = signal.reason instanceof Error && signal.reason.name === "TimeoutError";
  return new Error(isTimeout ? "context deadline exceeded" : "context canceled");
}
