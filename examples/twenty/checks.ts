import type { SystemCheckSpec } from "homeport/system";

const HEADERS = {
  "X-Frame-Options": "SAMEORIGIN",
  "X-Content-Type-Options": "nosniff",
  "X-XSS-Protection": "1; mode=block",
  "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
};
const CHALLENGE =
  'mutation { challenge(email: \\"admin@{domain}\\", password: \\"{ADMIN_PASSWORD}\\") { loginToken { token } } }';

/** What `homeport verify` proves of Twenty beside the general checks. */
export const checks: readonly SystemCheckSpec[] = [
  {
    id: "S4-4",
    title: "Postgres answers",
    service: "postgres",
    command: ["pg_isready", "-U", "postgres"],
  },
  { id: "S4-4", title: "redis answers", service: "redis", command: ["redis-cli", "ping"], prints: "^PONG" },
  {
    id: "S4-6",
    title: "the server holds five secrets, all different",
    service: "server",
    command: [
      "sh",
      "-c",
      "cd /run/secrets; for each in *_TOKEN_SECRET APP_SECRET; do cat $each; echo; done | sort -u | wc -l",
    ],
    prints: "^5$",
    fix: "pulumi up --replace '**::app-server-secrets': files that somebody changed by hand",
  },
  {
    id: "S4-10",
    title: "an answer carries the headers",
    request: { path: "/" },
    answer: { status: 200, headers: HEADERS },
  },
  {
    id: "S4-10",
    title: "an error carries them, too",
    request: { path: "/api/there-is-no-such-path" },
    answer: { status: 404, headers: HEADERS },
  },
  {
    id: "S4-11",
    title: "/graphql leads to the server",
    request: { path: "/graphql", method: "POST", body: '{"query":"{ __typename }"}' },
    answer: { status: 200, json: { "data.__typename": "Query" } },
  },
  {
    id: "S4-14",
    title: "the server is well",
    request: { path: "/api/health" },
    answer: { status: 200, json: { status: "ok" } },
  },
  {
    id: "S4-14",
    title: "the front is a page",
    request: { path: "/" },
    answer: { status: 200, contains: "<html" },
  },
  {
    id: "S4-14",
    title: "the administrator can sign in",
    request: { path: "/graphql", method: "POST", body: `{"query":"${CHALLENGE}"}` },
    answer: { status: 200, contains: '"loginToken":{"token":"' },
  },
  {
    ...{ id: "S4-15", title: "the server's log has no word of a secret", service: "server" },
    log: { without: "password|secret|token" },
  },
];
