import { defineSystem } from "homeport/system";
import { checks } from "./checks";

const HEALTH = { intervalSeconds: 10, timeoutSeconds: 5, retries: 5, startPeriodSeconds: 60 };
/** What every answer carries, errors included. */
const HEADERS = {
  "X-Frame-Options": "SAMEORIGIN",
  "X-Content-Type-Options": "nosniff",
  "X-XSS-Protection": "1; mode=block",
  "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
};

/** S4: Twenty, a CRM: its server and front, Postgres and redis, behind nginx. */
export const system = defineSystem({
  name: "twenty",
  proxy: "nginx",
  services: {
    postgres: {
      image: "postgres:16.4",
      containerName: "twenty-postgres",
      console: ["psql", "-U", "postgres", "twenty_production"],
      environment: { POSTGRES_DB: "twenty_production" },
      secrets: ["POSTGRES_PASSWORD"],
      secretFiles: true,
      volumes: { "postgres-data": "/var/lib/postgresql/data" },
      user: "999:999",
      // TCP, not the socket: while the image initialises its data, a first server answers on the socket only
      healthcheck: { test: ["CMD", "pg_isready", "-h", "127.0.0.1", "-U", "postgres"], ...HEALTH },
      stopGracePeriodSeconds: 60,
    },
    redis: {
      image: "redis:7.4.1",
      containerName: "twenty-redis",
      volumes: { "redis-data": "/data" },
      user: "999:999",
      expose: [6379],
      healthcheck: { test: ["CMD", "redis-cli", "ping"], ...HEALTH },
      stopGracePeriodSeconds: 10,
    },
    server: {
      containerName: "twenty-server",
      maxImageSize: "500MB",
      environment: {
        NODE_ENV: "production",
        REDIS_URL: "redis://redis:6379",
        SERVER_URL: "https://crm.{domain}/api",
        FRONT_BASE_URL: "https://crm.{domain}",
        ADMIN_EMAIL: "admin@{domain}",
      },
      secrets: [
        "PG_DATABASE_URL",
        "ACCESS_TOKEN_SECRET",
        "LOGIN_TOKEN_SECRET",
        "REFRESH_TOKEN_SECRET",
        "FILE_TOKEN_SECRET",
        "APP_SECRET",
        "ADMIN_PASSWORD",
      ],
      secretFiles: true,
      dependsOn: ["postgres", "redis"],
      volumes: { "twenty-storage": "/app/.local-storage" },
      user: "1000:1000",
      healthcheck: { test: ["CMD", "curl", "-fsS", "http://127.0.0.1:3000/healthz"], ...HEALTH },
      stopGracePeriodSeconds: 30,
    },
    front: {
      containerName: "twenty-front",
      maxImageSize: "500MB",
      strategy: "stop-first", // for the sake of its name
      environment: { NODE_ENV: "production", REACT_APP_SERVER_BASE_URL: "https://crm.{domain}/api" },
      dependsOn: ["server"],
      user: "1000:1000",
      healthcheck: { test: ["CMD", "curl", "-fsS", "http://127.0.0.1:3001/healthz"], ...HEALTH },
      stopGracePeriodSeconds: 30,
    },
  },
  sites: [
    {
      hostname: "crm",
      routes: {
        "/api": { to: "server:3000", replacePath: "/" },
        "/graphql": "server:3000",
        "/": "front:3001",
      },
      healthPath: "/api/health",
      headers: HEADERS,
      rateLimits: { api: { perSecond: 10, burst: { "/api": 20, "/graphql": 50 } } },
      gzip: true,
    },
  ],
  secrets: {
    POSTGRES_PASSWORD: { kind: "generated", length: 48, alphabet: "ascii" },
    PG_DATABASE_URL: {
      kind: "composed",
      template: "postgres://postgres:{POSTGRES_PASSWORD:url}@postgres:5432/twenty_production",
    },
    ACCESS_TOKEN_SECRET: { kind: "generated", length: 43, alphabet: "base64url" },
    LOGIN_TOKEN_SECRET: { kind: "generated", length: 43, alphabet: "base64url" },
    REFRESH_TOKEN_SECRET: { kind: "generated", length: 43, alphabet: "base64url" },
    FILE_TOKEN_SECRET: { kind: "generated", length: 43, alphabet: "base64url" },
    APP_SECRET: { kind: "kept", minLength: 43, make: "base64url:32" }, // part of every password's digest
    ADMIN_PASSWORD: { kind: "generated", length: 32, alphabet: "alphanumeric" },
  },
  databases: [{ service: "postgres", name: "twenty_production", user: "postgres" }],
  backupVolumes: ["twenty-storage"],
  checks,
});
