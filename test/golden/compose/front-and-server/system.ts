import { defineSystem } from "homeport/system";

/** What compose.yaml says, written by homeport import. */
export const system = defineSystem({
  name: "crm",
  proxy: "nginx",
  services: {
    db: {
      image: "postgres:16-alpine",
      containerName: "crm-db",
      environment: { POSTGRES_USER: "twenty", POSTGRES_DB: "default" },
      secrets: ["POSTGRES_PASSWORD"],
      secretFiles: true,
      volumes: { "db-data": "/var/lib/postgresql/data" },
      user: "70:70",
      healthcheck: {
        test: ["CMD-SHELL", "pg_isready -U twenty"],
        intervalSeconds: 5,
        timeoutSeconds: 5,
        retries: 10,
        startPeriodSeconds: 0,
      },
      stopGracePeriodSeconds: 10,
    },
    redis: {
      image: "redis:7",
      volumes: { redis: "/data" },
      expose: [6379],
      stopGracePeriodSeconds: 10,
    },
    server: {
      image: "twentycrm/twenty:v0.50.0",
      containerName: "crm-server",
      entrypoint: ["node"],
      command: ["dist/src/main"],
      environment: {
        PORT: "3000",
        SERVER_URL: "https://crm.acme.com",
        REDIS_URL: "redis://redis:6379",
        STORAGE_TYPE: "local",
      },
      secrets: ["PG_DATABASE_URL", "APP_SECRET", "FROM_SHELL"],
      volumes: { "server-data": "/app/storage" },
      user: "1000:1000",
      healthcheck: {
        test: ["CMD-SHELL", "curl --fail http://localhost:3000/healthz"],
        intervalSeconds: 5,
        timeoutSeconds: 5,
        retries: 20,
        startPeriodSeconds: 0,
      },
      stopGracePeriodSeconds: 10,
    },
    front: {
      stopGracePeriodSeconds: 10,
      strategy: "stop-first",
    },
  },
  sites: [
    { hostname: "@", routes: { "/": "front:3001" }, healthPath: "/" },
    { hostname: "server", routes: { "/": "server:3000" }, healthPath: "/healthz" },
  ],
  secrets: {
    POSTGRES_PASSWORD: { kind: "kept" },
    PG_DATABASE_URL: { kind: "composed", template: "postgres://twenty:{POSTGRES_PASSWORD:url}@db/default" },
    APP_SECRET: { kind: "kept" },
    FROM_SHELL: { kind: "kept" },
  },
  databases: [{ service: "db", name: "default", user: "twenty" }],
  backupVolumes: ["server-data"],
});
