import { defineSystem } from "homeport/system";

/** A project of one's own in its smallest form: a database, and a page in place of the platform's applications. */
export const system = defineSystem({
  name: "cleaning",
  services: {
    db: {
      image: "postgres:16",
      containerName: "cleaning-db",
      console: ["psql", "-U", "cleaning", "cleaning"],
      environment: { POSTGRES_DB: "cleaning", POSTGRES_USER: "cleaning" },
      secrets: ["POSTGRES_PASSWORD"],
      secretFiles: true,
      volumes: { pg_data: "/var/lib/postgresql/data" },
      user: "999:999",
      healthcheck: {
        test: ["CMD", "pg_isready", "-h", "127.0.0.1", "-U", "cleaning", "-d", "cleaning"],
        ...{ intervalSeconds: 2, timeoutSeconds: 5, retries: 5, startPeriodSeconds: 60 },
      },
      stopGracePeriodSeconds: 60,
    },
    web: {
      image: "caddy:2.10.2",
      entrypoint: ["caddy", "respond", "--listen", ":3000"],
      healthcheck: {
        test: ["CMD", "caddy", "version"],
        ...{ intervalSeconds: 2, timeoutSeconds: 5, retries: 5, startPeriodSeconds: 60 },
      },
      stopGracePeriodSeconds: 30,
    },
  },
  sites: [{ hostname: "@", aliases: [{ hostname: "www", redirect: true }], routes: { "/": "web:3000" } }],
  secrets: { POSTGRES_PASSWORD: { kind: "generated", length: 64, alphabet: "hex" } },
  databases: [{ service: "db", name: "cleaning", user: "cleaning" }],
});
