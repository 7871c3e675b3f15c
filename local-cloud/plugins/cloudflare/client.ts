import { setTimeout as delay } from "node:timers/promises";

export interface ClientConfig {
  readonly apiToken?: string;
  readonly apiKey?: string;
  readonly email?: string;
  readonly apiUserServiceKey?: string;
  /** With `/client/v4`. */
  readonly baseUrl?: string;
  readonly userAgentOperatorSuffix?: string;
}

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the base, without a slash at its start: `zones/{id}`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

export type Json = Record<string, unknown>;

/** An answer that is no success. */
export class ApiFailure extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const BASE_URL = "https://api.cloudflare.com/client/v4";
const USER_AGENT = "homeport-cloudflare-stand-in";

// The terms of cloudflare-go's requestconfig, which the published plugin uses.
const MAX_RETRIES = 10;
const LONGEST_RETRY_AFTER = 60_000;
const RETRIED = [408, 409, 429];

/** How long to wait before the next try, in milliseconds; `random` is from 0 to 1. */
export function retryDelay(headers: Headers | undefined, tries: number, random: number): number {
  const after = retryAfter(headers);
  if (after !== undefined && after >= 0 && after < LONGEST_RETRY_AFTER) return after;
  return Math.min(2000 * 2 ** tries, 30_000) * (1 - random / 4);
}

function retryAfter(headers: Headers | undefined): number | undefined {
  const milliseconds = headers?.get("retry-after-ms");
  if (milliseconds) return Number(milliseconds);
  const text = headers?.get("retry-after");
  if (!text) return undefined;
  return /^[\d.]+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
}

function isRetried(response: Response): boolean {
  const told = response.headers.get("x-should-retry");
  if (told === "true" || told === "false") return told === "true";
  return RETRIED.includes(response.status) || response.status >= 500;
}

/**
 * Calls of Cloudflare's API. Built on Node's fetch and not on the official npm client: that one takes 0.3 s to load,
 * at each start of the plugin, and waits between its tries otherwise than cloudflare-go does.
 */
export class Client {
  constructor(private readonly config: ClientConfig) {}

  /** The answer's `result`. */
  async result(call: Call): Promise<Json> {
    const { result } = await this.send(call);
    return (result ?? {}) as Json;
  }

  /** As `result`, but undefined where the answer is 404. */
  async find(call: Call): Promise<Json | undefined> {
    try {
      return await this.result(call);
    } catch (error) {
      if (error instanceof ApiFailure && error.status === 404) return undefined;
      throw error;
    }
  }

  /** The members of a list, from as many pages as it has; `atMost` ends it early. */
  async list(call: Call, atMost = Number.POSITIVE_INFINITY): Promise<Json[]> {
    const found: Json[] = [];
    for (let page = 1; ; page++) {
      const { result, result_info } = await this.send({ ...call, query: { ...call.query, page } });
      const part = (result ?? []) as Json[];
      found.push(...part);
      const pages = Number((result_info as Json | undefined)?.total_pages ?? 1);
      if (part.length === 0 || page >= pages || found.length >= atMost) return found.slice(0, atMost);
    }
  }

  private async send(call: Call): Promise<Json> {
    const url = this.url(call);
    const shown = `${call.method} ${JSON.stringify(url)}`;
    for (let tries = 0; ; tries++) {
      const response = await this.once(call, url).catch((error: unknown) => {
        call.signal?.throwIfAborted();
        if (tries === MAX_RETRIES) throw this.failure(0, `${shown}: ${reason(error)}`);
      });
      if (response?.ok) return contents(response);
      if (response && (tries === MAX_RETRIES || !isRetried(response))) {
        const text = (await response.text()).replace(/\s+/g, " ").trim();
        throw this.failure(response.status, `${shown}: ${response.status} ${response.statusText} ${text}`);
      }
      await response?.body?.cancel();
      await delay(retryDelay(response?.headers, tries, Math.random()), undefined, { signal: call.signal });
    }
  }

  private once(call: Call, url: string): Promise<Response> {
    return fetch(url, {
      method: call.method,
      headers: this.headers(),
      ...(call.signal ? { signal: call.signal } : {}),
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    });
  }

  private url({ path, query = {} }: Call): string {
    const given = Object.entries(query).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, String(value)] as [string, string]],
    );
    const search = given.length > 0 ? `?${new URLSearchParams(given).toString()}` : "";
    return `${(this.config.baseUrl ?? BASE_URL).replace(/\/+$/, "")}/${path}${search}`;
  }

  private headers(): Record<string, string> {
    const { apiToken, apiKey, email, apiUserServiceKey, userAgentOperatorSuffix: suffix } = this.config;
    return {
      accept: "application/json",
      "content-type": "application/json",
      "user-agent": suffix ? `${USER_AGENT} ${suffix}` : USER_AGENT,
      ...(apiToken && { authorization: `Bearer ${apiToken}` }),
      ...(apiKey && { "x-auth-key": apiKey }),
      ...(email && { "x-auth-email": email }),
      ...(apiUserServiceKey && { "x-auth-user-service-key": apiUserServiceKey }),
    };
  }

  // An answer that repeats a secret must not carry it into an error.
  private failure(status: number, message: string): ApiFailure {
    const secrets = [this.config.apiToken, this.config.apiKey, this.config.apiUserServiceKey];
    const clean = secrets.reduce<string>(
      (text, secret) => (secret ? text.replaceAll(secret, "[secret]") : text),
      message,
    );
    return new ApiFailure(status, `failed to make http request: ${clean.trim()}`);
  }
}

/** A deletion may answer with nothing at all. */
async function contents(response: Response): Promise<Json> {
  return response.status === 204 ? {} : ((await response.json()) as Json);
}

function reason(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error
    ? cause.message || String((cause as NodeJS.ErrnoException).code)
    : String(cause);
}
