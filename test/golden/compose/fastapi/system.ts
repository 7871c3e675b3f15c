import { defineSystem } from "homeport/system";

/** What compose.yaml says, written by homeport import. */
export const system = defineSystem({
  name: "fastapi",
  services: {
    postgres: {
      image: "postgres:16",
      containerName: "fastapi-postgres",
      environment: { POSTGRES_DB: "acme" },
      secrets: ["POSTGRES_PASSWORD"],
      secretFiles: true,
      volumes: { pgdata: "/var/lib/postgresql/data" },
      ports: ["127.0.0.1:15432:5432"],
      user: "999:999",
      stopGracePeriodSeconds: 10,
    },
    api: {
      image: "registry.example.org/acme/api:1.4.2",
      command: ["uvicorn", "app.main:app", "--host", "0.0.0.0", "--port", "8000"],
      environment: {
        PUBLIC_URL: "https://acme.example",
        SENTRY_ENVIRONMENT: "production",
        POSTGRES_HOST: "postgres",
        ACCESS_TOKEN_EXPIRE_MINUTES: "30",
        DEBUG: "false",
      },
      secrets: ["STRIPE_SECRET_KEY"],
      user: "10001:10001",
      healthcheck: {
        test: ["CMD", "curl", "-f", "http://127.0.0.1:8000/healthz"],
        intervalSeconds: 15,
        timeoutSeconds: 5,
        retries: 4,
        startPeriodSeconds: 20,
      },
      stopGracePeriodSeconds: 10,
      memoryMb: 1536,
    },
    web: {
      environment: { NEXT_PUBLIC_API: "/api", NODE_ENV: "production" },
      dependsOn: ["api"],
      stopGracePeriodSeconds: 10,
      strategy: "stop-first",
    },
  },
  sites: [
    { hostname: "@", routes: { "/": "web:3000" }, healthPath: "/" },
    { hostname: "api", routes: { "/": "api:8000" }, healthPath: "/healthz" },
  ],
  secrets: { POSTGRES_PASSWORD: { kind: "kept" }, STRIPE_SECRET_KEY: { kind: "kept" } },
  databases: [{ service: "postgres", name: "acme", user: "postgres" }],
});
