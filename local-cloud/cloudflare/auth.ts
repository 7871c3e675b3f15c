import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { CloudflareError, fault } from "./envelope";

const TOKEN = /^[A-Za-z0-9_-]{40,80}$/;

/** A token of the form that the API and its clients accept: 40 characters. */
export function newToken(): string {
  return randomBytes(30).toString("base64url");
}

/**
 * Throws what the API answers to a request without a good token. Codes as seen in reports of the real API: 9106
 * without one, 6003 for one of the wrong form, 1000, 9109 or 10000 for an unknown one, by the service that is asked.
 */
export function authenticate(headers: IncomingHttpHeaders, path: string, tokens: readonly string[]): void {
  const given = headers.authorization;
  if (given === undefined) throw withoutToken(headers);
  const token = /^bearer +(.*)$/i.exec(given)?.[1] ?? "";
  if (!TOKEN.test(token)) throw badHeader(6111, "Invalid format for Authorization header");
  if (!tokens.some((known) => isSame(known, token))) throw unknownToken(path);
}

function withoutToken(headers: IncomingHttpHeaders): CloudflareError {
  const key = headers["x-auth-key"];
  if (key !== undefined && !/^[0-9a-f]{37,45}$/.test(String(key))) {
    return badHeader(6103, "Invalid format for X-Auth-Key header");
  }
  if (key !== undefined && headers["x-auth-email"] !== undefined) {
    return fault(403, 9103, "Unknown X-Auth-Key or X-Auth-Email");
  }
  return fault(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers");
}

function badHeader(code: number, message: string): CloudflareError {
  const error_chain = [{ code, message }];
  return new CloudflareError(400, { code: 6003, message: "Invalid request headers", error_chain });
}

function unknownToken(path: string): CloudflareError {
  if (path.endsWith("/user/tokens/verify")) return fault(401, 1000, "Invalid API Token");
  if (path.endsWith("/certificates")) return fault(400, 10000, "Authentication error");
  if (path.includes("/dns")) return fault(403, 10000, "Authentication error");
  return fault(403, 9109, "Invalid access token");
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => createHash("sha256").update(text).digest());
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
}
