import type { Report } from "../../cli/verify/report";

/** A run with one failure, with the texts that break a page: markup, a long word, a control character. */
export function sampleReport(): Report {
  return {
    system: "running-calendar",
    stack: "prod",
    at: new Date("2026-11-21T03:04:05Z"),
    seconds: 2.345,
    results: [
      {
        id: "S1-22",
        title: "https://…/up answers 200",
        seconds: 0.1,
        verdict: { ok: true, evidence: "https://mxcorre.com/up 200" },
      },
      {
        id: "S1-19",
        title: 'SSL mode is "Full (strict)" & <nothing> else',
        seconds: 0.25,
        verdict: {
          ok: false,
          found: "the mode is <script>alert('flexible')</script>\u0007",
          fix: "pulumi up --refresh && homeport verify",
        },
      },
      {
        id: "S1-12",
        title: "docker inspect shows no secret",
        seconds: 1.1,
        verdict: { ok: true, evidence: `sha256:${"a".repeat(300)}` },
      },
    ],
  };
}
