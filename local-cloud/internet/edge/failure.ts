import { randomBytes } from "node:crypto";

/** Cloudflare's own error codes, with the HTTP status of those above 999 and the title of their pages. */
const FAILURES = {
  520: { status: 520, title: "Web server is returning an unknown error" },
  521: { status: 521, title: "Web server is down" },
  522: { status: 522, title: "Connection timed out" },
  523: { status: 523, title: "Origin is unreachable" },
  524: { status: 524, title: "A timeout occurred" },
  525: { status: 525, title: "SSL handshake failed" },
  526: { status: 526, title: "Invalid SSL certificate" },
  1000: { status: 403, title: "DNS points to prohibited IP" },
  1001: { status: 409, title: "DNS resolution error" },
  1003: { status: 403, title: "Direct IP access not allowed" },
  1016: { status: 530, title: "Origin DNS error" },
} as const;

export type FailureCode = keyof typeof FAILURES;

/** Why the edge answers itself. The code is for the visitor, the message for the edge's log. */
export class EdgeFailure extends Error {
  readonly status: number;
  readonly title: string;

  constructor(
    readonly code: FailureCode,
    reason: string,
  ) {
    super(reason);
    this.status = FAILURES[code].status;
    this.title = FAILURES[code].title;
  }
}

/** A new Ray ID: 16 hex digits and a data centre, which is no airport here. */
export function newRay(): string {
  return `${randomBytes(8).toString("hex")}-LOC`;
}

/** The page that a visitor sees instead of the site. */
export function errorPage(host: string, failure: EdgeFailure, ray: string): string {
  const name = host.replace(/[^a-z0-9.:-]/gi, "");
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>${name} | ${failure.code}: ${failure.title}</title></head>
<body>
<h1>Error ${failure.code}</h1>
<p>${failure.title}</p>
<p><small>Ray ID: ${ray}. This is the local cloud's edge; its log says why (docker logs).</small></p>
</body>
</html>
`;
}
