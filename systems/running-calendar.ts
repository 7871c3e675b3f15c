import { defineSystem } from "../components/lib/system";

/** S1: a Rails application with its Postgres. The application reads `DB_HOST`, `POSTGRES_DB` and `APP_HOSTS`. */
export const runningCalendar = defineSystem({
  name: "running-calendar",
  services: {
    db: {
      image: "postgres:16",
      containerName: "running_calendar-db",
      console: ["psql", "-U", "postgres", "running_calendar_production"],
      environment: { POSTGRES_DB: "running_calendar_production" },
      secrets: ["POSTGRES_PASSWORD"],
      secretFiles: true,
      volumes: { running_calendar_postgres: "/var/lib/postgresql/data" },
      ports: ["127.0.0.1:5432:5432"],
      user: "999:999",
      healthcheck: {
        // TCP, not the socket: while the image initialises its data, a first server answers on the socket only
        test: ["CMD", "pg_isready", "-h", "127.0.0.1", "-U", "postgres", "-d", "running_calendar_production"],
        intervalSeconds: 2,
        timeoutSeconds: 5,
        retries: 5,
        startPeriodSeconds: 60,
      },
      stopGracePeriodSeconds: 60,
    },
    web: {
      entrypoint: ["entrypoint"],
      command: ["bundle", "exec", "puma", "-C", "config/puma.rb"],
      console: ["bin/rails", "console"],
      environment: {
        DB_HOST: "running_calendar-db",
        POSTGRES_DB: "running_calendar_production",
        RAILS_ENV: "production",
        RAILS_LOG_LEVEL: "info",
      },
      hostsVariable: "APP_HOSTS",
      secrets: ["POSTGRES_PASSWORD", "SECRET_KEY_BASE"],
      user: "1000:1000",
      healthcheck: {
        test: ["CMD", "curl", "-fsS", "http://127.0.0.1:3000/up"],
        intervalSeconds: 2,
        timeoutSeconds: 5,
        retries: 5,
        startPeriodSeconds: 60,
      },
      stopGracePeriodSeconds: 30,
    },
  },
  sites: [{ hostname: "@", aliases: [{ hostname: "www", redirect: true }], routes: { "/": "web:3000" } }],
  secrets: {
    POSTGRES_PASSWORD: { kind: "generated", length: 64, alphabet: "hex" },
    SECRET_KEY_BASE: { kind: "kept", minLength: 64, make: "hex:64" },
  },
  databases: [{ service: "db", name: "running_calendar_production", user: "postgres" }],
});
