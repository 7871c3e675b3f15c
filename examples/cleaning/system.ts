import { defineSystem } from "homeport/system";
import { checks } from "./checks";
import { mail } from "./mail";
import { variables } from "./variables";
import { edge } from "./edge";

const HEALTH = { intervalSeconds: 2, timeoutSeconds: 5, retries: 5, startPeriodSeconds: 60 };

/** What operators hand to Compose or a shell beside the containers: everything that these are told. */
const environmentFile = "/etc/cleaning/cleaning.env";
/** What the API and its jobs are both told. */
const PLATFORM = {
  APP_ENV: "prod",
  CORS_ORIGINS: '["https://{domain}", "https://www.{domain}"]',
  STRICT_CORS: "true",
  TRUST_PROXY_HEADERS: "true",
  PUBLIC_BASE_URL: "https://api.{domain}",
  CLIENT_PORTAL_BASE_URL: "https://{domain}",
  REDIS_URL: "redis://redis:6379/0",
  METRICS_ENABLED: "true",
  JOBS_ENABLED: "true",
  JOB_HEARTBEAT_REQUIRED: "true",
  JOB_RUNNER_ID: "jobs-1",
  ORDER_STORAGE_BACKEND: "local",
  ORDER_UPLOAD_ROOT: "var/uploads/orders",
  EMAIL_MODE: "off",
  EMAIL_FROM: "orders@{domain}",
  EMAIL_FROM_NAME: "Sparkling",
  CAPTCHA_MODE: "turnstile",
  DEPOSITS_ENABLED: "true",
};
const PLATFORM_SECRETS = [
  "DATABASE_URL",
  "AUTH_SECRET_KEY",
  "CLIENT_PORTAL_SECRET",
  "WORKER_PORTAL_SECRET",
  "ORDER_PHOTO_SIGNING_SECRET",
  "METRICS_TOKEN",
  "SENDGRID_API_KEY",
  "SMTP_PASSWORD",
  "TURNSTILE_SECRET_KEY",
  "STRIPE_SECRET_KEY",
  "STRIPE_WEBHOOK_SECRET",
];

/** S3: a booking platform of Postgres, redis, a FastAPI server with its jobs, and a Next.js site, behind Caddy. */
export const system = defineSystem({
  name: "cleaning",
  services: {
    db: {
      image: "postgres:16",
      containerName: "cleaning-db",
      console: ["psql", "-U", "cleaning", "cleaning"],
      environmentFile,
      environment: { POSTGRES_DB: "cleaning", POSTGRES_USER: "cleaning" },
      secrets: ["POSTGRES_PASSWORD"],
      secretFiles: true,
      volumes: { pg_data: "/var/lib/postgresql/data" },
      user: "999:999",
      healthcheck: {
        // TCP, not the socket: while the image initialises its data, a first server answers on the socket only
        test: ["CMD", "pg_isready", "-h", "127.0.0.1", "-U", "cleaning", "-d", "cleaning"],
        ...HEALTH,
      },
      stopGracePeriodSeconds: 60,
    },
    redis: {
      image: "redis:7.4.1",
      containerName: "cleaning-redis",
      volumes: { redis_data: "/data" },
      user: "999:999",
      expose: [6379],
      healthcheck: { test: ["CMD", "redis-cli", "ping"], ...HEALTH },
      stopGracePeriodSeconds: 10,
    },
    api: {
      environmentFile,
      environment: { ...PLATFORM, ADMIN_BASIC_USERNAME: "admin" },
      secrets: [...PLATFORM_SECRETS, "ADMIN_BASIC_PASSWORD"],
      secretFiles: true,
      dependsOn: ["db", "redis"],
      mounts: {
        "/opt/cleaning/var/uploads": "/app/var/uploads",
        "/opt/backups/postgres": "/opt/backups/postgres:ro",
      },
      strategy: "start-first", // each photo is written under a name of its own, whole or not at all
      user: "1000:1000",
      healthcheck: { test: ["CMD", "curl", "-fsS", "http://127.0.0.1:8000/healthz"], ...HEALTH },
      stopGracePeriodSeconds: 30,
    },
    jobs: {
      command: ["env", "PORT=8001", "python", "-m", "cleaning.jobs"], // the API's is another
      environmentFile,
      environment: PLATFORM,
      secrets: [...PLATFORM_SECRETS, "BETTER_STACK_HEARTBEAT_URL"],
      secretFiles: true,
      dependsOn: ["db", "redis", "api"], // the API migrates
      strategy: "stop-first",
      user: "1000:1000",
      expose: [8001],
      healthcheck: { test: ["CMD", "curl", "-fsS", "http://127.0.0.1:8001/healthz"], ...HEALTH },
      stopGracePeriodSeconds: 30,
    },
    web: {
      environmentFile,
      entrypoint: ["node"],
      command: ["server.js"],
      environment: { PUBLIC_BASE_URL: "https://api.{domain}" },
      secrets: ["TURNSTILE_SITE_KEY"],
      dependsOn: ["api"],
      user: "1000:1000",
      healthcheck: { test: ["CMD", "curl", "-fsS", "http://127.0.0.1:3000/healthz"], ...HEALTH },
      stopGracePeriodSeconds: 30,
    },
  },
  sites: [
    {
      hostname: "@",
      aliases: [{ hostname: "www", redirect: true }],
      routes: { "/": "web:3000" },
      healthPath: "/healthz",
    },
    { hostname: "api", routes: { "/": "api:8000" }, healthPath: "/healthz" },
  ],
  secrets: {
    POSTGRES_PASSWORD: { kind: "generated", length: 48, alphabet: "ascii" },
    DATABASE_URL: {
      kind: "composed",
      template: "postgresql://cleaning:{POSTGRES_PASSWORD:url}@db:5432/cleaning",
    },
    ADMIN_BASIC_PASSWORD: { kind: "generated", length: 32, alphabet: "alphanumeric" },
    METRICS_TOKEN: { kind: "generated", length: 43, alphabet: "base64url" },
    SENDGRID_API_KEY: { kind: "kept", when: { EMAIL_MODE: "sendgrid" } },
    SMTP_PASSWORD: { kind: "kept", when: { EMAIL_MODE: "smtp" } },
    TURNSTILE_SECRET_KEY: { kind: "turnstile", part: "secret" },
    TURNSTILE_SITE_KEY: { kind: "turnstile", part: "sitekey" },
    STRIPE_SECRET_KEY: { kind: "kept", when: { DEPOSITS_ENABLED: "true" } },
    STRIPE_WEBHOOK_SECRET: { kind: "kept", when: { DEPOSITS_ENABLED: "true" } },
    BETTER_STACK_HEARTBEAT_URL: { kind: "kept", optional: true },
    ALERT_WEBHOOK_URL: { kind: "kept", optional: true },
    // They sign what clients and workers hold in their hands: links, and photos in them.
    AUTH_SECRET_KEY: { kind: "kept", minLength: 43, make: "base64url:32" },
    CLIENT_PORTAL_SECRET: { kind: "kept", minLength: 43, make: "base64url:32" },
    WORKER_PORTAL_SECRET: { kind: "kept", minLength: 43, make: "base64url:32" },
    ORDER_PHOTO_SIGNING_SECRET: { kind: "kept", minLength: 43, make: "base64url:32" },
  },
  databases: [{ service: "db", name: "cleaning", user: "cleaning" }],
  files: {
    "/opt/cleaning/var/uploads": { owner: "1000:1000", mode: "0750" },
    "/opt/cleaning/logs": { backup: false },
  },
  accessLog: { directory: "/opt/cleaning/logs" },
  packages: ["git", "docker-compose-v2|docker-compose"],
  variables,
  edge,
  mail,
  checks,
});
