import type { SystemCheckSpec } from "homeport/system";
import { edgeChecks } from "./edge";

const ADMIN = { user: "admin", secret: "ADMIN_BASIC_PASSWORD" };
const PREFLIGHT = {
  "Access-Control-Request-Method": "POST",
  "Access-Control-Request-Headers": "content-type",
};
const READY = { site: "api", path: "/readyz" };

/** What `homeport verify` proves of the platform beside the general checks. */
export const checks: readonly SystemCheckSpec[] = [
  {
    id: "S3-3",
    title: "the API sees when the last backup succeeded",
    request: { site: "api", path: "/healthz/backup" },
    answer: { status: 200, json: { ok: true, age_hours: { atMost: 26 } } },
    fix: "homeport backup now",
  },
  {
    id: "S3-3",
    title: "and nothing else of it: it can neither write nor list nor read copies",
    service: "api",
    command: ["sh", "-c", "cd /opt/backups/postgres && ! touch new && ! ls . && ! cat backup_*.sql"],
  },
  {
    id: "S3-9",
    title: "browsers are told that the site may ask the API",
    request: {
      ...{ site: "api", path: "/v1/orders", method: "OPTIONS" },
      headers: { Origin: "https://{domain}", ...PREFLIGHT },
    },
    answer: { status: 200, headers: { "Access-Control-Allow-Origin": "https://{domain}" } },
  },
  {
    id: "S3-9",
    title: "and that a stranger's may not",
    request: {
      ...{ site: "api", path: "/v1/orders", method: "OPTIONS" },
      headers: { Origin: "https://stranger.example", ...PREFLIGHT },
    },
    answer: { status: 400 },
  },
  ...edgeChecks,
  {
    ...{ id: "S3-17", title: "the API counts requests in redis", service: "api" },
    log: { without: "redis rate limiter unavailable", minutes: 1 }, // it is asked for an order by the checks above
    fix: "homeport logs redis",
  },
  { id: "S3-17", title: "redis answers", service: "redis", command: ["redis-cli", "ping"], prints: "^PONG" },
  {
    id: "S3-18",
    title: "metrics are shown to who has the token",
    request: { site: "api", path: "/metrics", bearer: "METRICS_TOKEN" },
    answer: { status: 200, contains: "http_requests_total" },
  },
  {
    id: "S3-18",
    title: "and to nobody without one",
    request: { site: "api", path: "/metrics" },
    answer: { status: [401, 403] },
  },
  {
    id: "S3-18",
    title: "nor with another one",
    request: { site: "api", path: "/metrics", headers: { Authorization: "Bearer not-the-token" } },
    answer: { status: [401, 403] },
  },
  {
    id: "S3-19",
    title: "the API is alive",
    request: { site: "api", path: "/healthz" },
    answer: { status: 200, json: { status: "ok" } },
  },
  {
    id: "S3-19",
    title: "the jobs' heartbeat is fresh",
    request: READY,
    answer: { status: 200, json: { "jobs.ok": true, "jobs.heartbeat_age_seconds": { atMost: 60 } } },
    fix: "homeport logs jobs",
  },
  {
    id: "S3-20",
    title: "the database answers",
    request: READY,
    answer: { status: 200, json: { "db.ok": true } },
    fix: "homeport logs db",
  },
  {
    id: "S3-20",
    title: "its migrations are at head",
    request: READY,
    answer: { status: 200, json: { "migrations.ok": true } },
    fix: "homeport console api -- alembic upgrade head",
  },
  {
    id: "S3-21",
    title: "the administrator was seeded",
    request: { site: "api", path: "/v1/admin/whoami", basic: ADMIN },
    answer: { status: 200 },
  },
  {
    id: "S3-22",
    title: "uploads can be written, on the host",
    service: "api",
    command: ["test", "-w", "/app/var/uploads"],
  },
];
