import { randomBytes } from "node:crypto";

/** One entry of `errors`. The chain holds what lies behind a general message such as 6003. */
export interface ApiError {
  readonly code: number;
  readonly message: string;
  readonly error_chain?: readonly ApiError[];
  /** JSON pointer to the member of the request that is at fault, where a service says so. */
  readonly source?: { readonly pointer: string };
}

export interface ResultInfo {
  readonly page: number;
  readonly per_page: number;
  readonly count: number;
  readonly total_count: number;
  readonly total_pages: number;
}

/** An answer of Cloudflare's API v4: the same envelope around every result and every error. */
export interface Envelope {
  readonly result: unknown;
  readonly success: boolean;
  readonly errors: readonly ApiError[];
  readonly messages: readonly ApiError[];
  readonly result_info?: ResultInfo;
}

/** Thrown by a route: answered with its status and errors in the envelope. */
export class CloudflareError extends Error {
  readonly errors: readonly ApiError[];

  constructor(
    readonly status: number,
    ...errors: readonly ApiError[]
  ) {
    super(errors.map(({ code, message }) => `${message} (${code})`).join("; "));
    this.errors = errors;
  }
}

export function fault(status: number, code: number, message: string): CloudflareError {
  return new CloudflareError(status, { code, message });
}

export function ok(result: unknown, messages: readonly ApiError[] = []): Envelope {
  return { result, success: true, errors: [], messages };
}

export function okList(result: readonly unknown[], result_info: ResultInfo): Envelope {
  return { result, success: true, errors: [], messages: [], result_info };
}

export function failure(errors: readonly ApiError[]): Envelope {
  return { result: null, success: false, errors, messages: [] };
}

/** What Cloudflare answers where nothing is served, or where an identifier is none. */
export function noRoute(path: string): CloudflareError {
  return new CloudflareError(
    400,
    { code: 7003, message: `Could not route to ${path}, perhaps your object identifier is invalid?` },
    { code: 7000, message: "No route for that URI" },
  );
}

/** 32 hexadecimal digits, as every identifier of a zone, a record or an account. */
export function newId(): string {
  return randomBytes(16).toString("hex");
}
