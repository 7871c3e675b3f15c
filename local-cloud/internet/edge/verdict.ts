import type { OutgoingHttpHeaders } from "node:http";
import type { Verdict } from "./guard";
import { edgeHeaders, type Visitor } from "./headers";

/** An answer of the edge's own. */
export interface OwnAnswer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
}

const HTML = "text/html; charset=UTF-8";
const NOT_KEPT = "private, max-age=0, no-store, no-cache, must-revalidate, post-check=0, pre-check=0";

/** What a verdict looks like to a visitor. */
export function answerOf(verdict: Verdict, visitor: Visitor): OwnAnswer {
  switch (verdict.kind) {
    case "redirect":
      return made(verdict.status, visitor, "", { location: verdict.location });
    case "challenge":
      return made(
        403,
        visitor,
        page(
          "Just a moment...",
          "This site checks that you are human. Nobody can pass the check here.",
          visitor,
        ),
        {
          "cf-mitigated": "challenge",
          "content-type": HTML,
          "cache-control": NOT_KEPT,
        },
      );
    case "limit":
      return custom(
        verdict,
        visitor,
        429,
        page("Error 1015: you are being rate limited", "You asked too often.", visitor),
        {
          "retry-after": String(verdict.seconds),
        },
      );
    case "block":
      return custom(
        verdict,
        visitor,
        403,
        page("Sorry, you have been blocked", "A rule of this site refuses the request.", visitor),
        {},
      );
  }
}

function custom(
  { response }: Verdict & { kind: "block" | "limit" },
  visitor: Visitor,
  status: number,
  body: string,
  headers: OutgoingHttpHeaders,
): OwnAnswer {
  const shown = response ?? { status, content: body, contentType: HTML };
  return made(shown.status, visitor, shown.content, {
    "content-type": shown.contentType,
    "cache-control": NOT_KEPT,
    ...headers,
  });
}

function made(status: number, { ray }: Visitor, body: string, headers: OutgoingHttpHeaders): OwnAnswer {
  return {
    status,
    body,
    headers: { ...headers, "content-length": Buffer.byteLength(body), ...edgeHeaders(ray) },
  };
}

function page(title: string, text: string, { authority, ray }: Visitor): string {
  const host = authority.replace(/[^a-z0-9.:-]/gi, "");
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>${title} | ${host}</title></head>
<body>
<h1>${title}</h1>
<p>${text}</p>
<p><small>Ray ID: ${ray}. This is the local cloud's edge; its log names the rule (docker logs).</small></p>
</body>
</html>
`;
}
