import { defineSystem } from "homeport/system";

/** What compose.yaml says, written by homeport import. */
export const system = defineSystem({
  name: "guest-book",
  services: {
    db: {
      image: "postgres:16-alpine",
      containerName: "guest-db",
      environment: { POSTGRES_USER: "guest", POSTGRES_DB: "guest_production" },
      secrets: ["POSTGRES_PASSWORD"],
      secretFiles: true,
      volumes: { pg: "/var/lib/postgresql/data" },
      ports: ["127.0.0.1:5433:5432"],
      user: "70:70",
      healthcheck: {
        test: ["CMD-SHELL", "pg_isready -U guest -d ${POSTGRES_DB}"],
        intervalSeconds: 10,
        timeoutSeconds: 30,
        retries: 5,
        startPeriodSeconds: 0,
      },
      stopGracePeriodSeconds: 10,
    },
    web: {
      entrypoint: ["/rails/bin/docker-entrypoint"],
      command: ["./bin/thrust", "./bin/rails", "server"],
      environment: { RAILS_ENV: "production", RAILS_LOG_LEVEL: "warn", SMTP_ADDRESS: "smtp.example.org" },
      secrets: ["DATABASE_URL", "SECRET_KEY_BASE"],
      dependsOn: ["db"],
      volumes: { storage: "/rails/storage" },
      user: "1000:1000",
      healthcheck: {
        test: ["CMD-SHELL", "curl -fsS http://localhost:3000/up || exit 1"],
        intervalSeconds: 90,
        timeoutSeconds: 3,
        retries: 3,
        startPeriodSeconds: 0,
      },
      stopGracePeriodSeconds: 60,
    },
    jobs: {
      entrypoint: ["/rails/bin/docker-entrypoint"],
      command: ["./bin/jobs", "--threads", "3"],
      environment: {
        RAILS_ENV: "production",
        RAILS_LOG_LEVEL: "warn",
        SMTP_ADDRESS: "smtp.example.org",
        QUEUES: "*",
      },
      secrets: ["DATABASE_URL", "SECRET_KEY_BASE"],
      dependsOn: ["db"],
      user: "1000:1000",
      stopGracePeriodSeconds: 10,
      memoryMb: 512,
      strategy: "stop-first",
    },
  },
  sites: [{ hostname: "@", routes: { "/": "web:3000" }, healthPath: "/up" }],
  secrets: {
    POSTGRES_PASSWORD: { kind: "kept" },
    DATABASE_URL: {
      kind: "composed",
      template: "postgres://guest:{POSTGRES_PASSWORD:url}@db:5432/guest_production",
    },
    SECRET_KEY_BASE: { kind: "kept" },
  },
  databases: [{ service: "db", name: "guest_production", user: "guest" }],
  backupVolumes: ["storage"],
});
