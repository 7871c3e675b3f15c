import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { InternetConfig } from "../config";
import type { EdgeRequest } from "./proxy";

/** The host that answers for Turnstile. */
export const CHALLENGES_HOST = "challenges.cloudflare.com";

const TOKEN_LIFE = 300_000; // ms, as documented
const LARGEST = 64 * 1024;
/** Cloudflare's published test secrets: what each makes of any token. */
const TEST_SECRETS: Readonly<Record<string, string | undefined>> = {
  "1x0000000000000000000000000000000AA": "",
  "2x0000000000000000000000000000000AA": "invalid-input-response",
  "3x0000000000000000000000000000000AA": "timeout-or-duplicate",
};

interface Token {
  readonly sitekey: string;
  readonly hostname: string;
  readonly action: string;
  readonly cdata: string;
  readonly issued: number;
  /** The idempotency key of the check that used it up; empty for none. */
  usedBy?: string;
}

interface Verified {
  readonly success: boolean;
  readonly "error-codes": readonly string[];
  readonly [name: string]: unknown;
}

/** Turnstile's side of the internet: tokens for widgets, and siteverify. */
export class Turnstile {
  private readonly tokens = new Map<string, Token>();

  /** @param now in milliseconds */
  constructor(
    private readonly config: () => InternetConfig,
    private readonly now: () => number = Date.now,
  ) {}

  /** A token as a browser that passed the challenge has it; undefined for a widget that is not for this host. */
  issue(sitekey: string, hostname: string, action = "", cdata = ""): string | undefined {
    const widget = this.config().turnstile?.widgets.find((one) => one.sitekey === sitekey);
    const isFor = widget?.domains.some((domain) => hostname === domain || hostname.endsWith(`.${domain}`));
    if (!isFor) return undefined;
    for (const [token, { issued }] of this.tokens)
      if (this.now() - issued > 2 * TOKEN_LIFE) this.tokens.delete(token);
    const token = `0.${randomUUID()}.${randomUUID()}`;
    this.tokens.set(token, { sitekey, hostname, action, cdata, issued: this.now() });
    return token;
  }

  /** What siteverify says: a token is good once, for five minutes, with its own widget's secret. */
  verify(given: Readonly<Record<string, string | undefined>>): Verified {
    const { secret, response, idempotency_key: key = "" } = given;
    if (!secret) return refused("missing-input-secret");
    const test = TEST_SECRETS[secret];
    const sitekey = this.sitekeyOf(secret);
    if (test === undefined && sitekey === undefined) return refused("invalid-input-secret");
    if (!response) return refused("missing-input-response");
    if (test !== undefined) return test === "" ? passed(this.now(), "example.com") : refused(test);
    return this.use(this.tokens.get(response), sitekey, key);
  }

  private use(token: Token | undefined, sitekey: string | undefined, key: string): Verified {
    if (token?.sitekey !== sitekey || token === undefined) return refused("invalid-input-response");
    const isAgain = token.usedBy !== undefined && (key === "" || token.usedBy !== key);
    if (isAgain || this.now() - token.issued > TOKEN_LIFE) return refused("timeout-or-duplicate");
    token.usedBy = key;
    return passed(token.issued, token.hostname, token);
  }

  /** Answers a request for Turnstile's own host; false for every other. */
  async serves(host: string, request: EdgeRequest, response: ServerResponse): Promise<boolean> {
    if (host !== CHALLENGES_HOST || !this.config().turnstile) return false;
    await this.answer(request, response);
    return true;
  }

  private async answer(request: EdgeRequest, response: ServerResponse): Promise<void> {
    const { pathname, searchParams: query } = new URL(request.url ?? "/", `https://${CHALLENGES_HOST}`);
    if (pathname === "/turnstile/v0/siteverify") {
      if (request.method !== "POST") return json(response, 405, refused("bad-request"));
      const form = await formOf(request);
      return form ? json(response, 200, this.verify(form)) : json(response, 400, refused("bad-request"));
    }
    if (pathname === "/turnstile/v0/local-token") {
      const token = this.issue(...tokenRequest(query, request));
      return token
        ? json(response, 200, { token })
        : json(response, 400, refused("110200: unknown domain or widget"));
    }
    json(response, 404, refused("not-found"));
  }

  private sitekeyOf(secret: string): string | undefined {
    const isOf = (one: { secrets: readonly { secret: string; until?: number }[] }): boolean =>
      one.secrets.some((each) => each.secret === secret && (each.until ?? Infinity) > this.now());
    return this.config().turnstile?.widgets.find(isOf)?.sitekey;
  }
}

function tokenRequest(query: URLSearchParams, { headers }: EdgeRequest): [string, string, string, string] {
  const page = headers.origin ?? headers.referer ?? "";
  const hostname = URL.canParse(page) ? new URL(page).hostname : "";
  return [query.get("sitekey") ?? "", hostname, query.get("action") ?? "", query.get("cdata") ?? ""];
}

async function formOf(request: EdgeRequest): Promise<Record<string, string> | undefined> {
  let text = "";
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > LARGEST) return undefined;
  }
  const type = request.headers["content-type"] ?? "";
  if (!type.includes("json")) return Object.fromEntries(new URLSearchParams(text));
  try {
    return JSON.parse(text) as Record<string, string>;
  } catch {
    return undefined;
  }
}

function passed(
  issued: number,
  hostname: string,
  { action = "", cdata = "" }: Partial<Token> = {},
): Verified {
  const challenge_ts = new Date(issued).toISOString();
  return {
    success: true,
    challenge_ts,
    hostname,
    "error-codes": [],
    action,
    cdata,
    metadata: { interactive: false },
  };
}

function refused(...codes: readonly string[]): Verified {
  return { success: false, "error-codes": codes, messages: [] };
}

function json(response: ServerResponse, status: number, body: object): void {
  const headers = {
    "content-type": "application/json",
    server: "cloudflare",
    "access-control-allow-origin": "*", // pages of every site ask
  };
  response.writeHead(status, headers).end(JSON.stringify(body));
}
