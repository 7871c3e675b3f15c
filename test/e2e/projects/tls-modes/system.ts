import { defineSystem } from "homeport";

/** A page under three names, each of which has its certificate from somewhere else. */
export const system = defineSystem({
  name: "tls-modes",
  services: {
    page: {
      command: ["caddy", "respond", "--listen", ":8080", "hello"],
      strategy: "stop-first",
      stopGracePeriodSeconds: 5,
    },
  },
  sites: [
    { hostname: "@", routes: { "/": "page:8080" }, healthPath: "/" },
    {
      ...{ hostname: "dns", tls: "acme-dns" as const, routes: { "/": "page:8080" }, healthPath: "/" },
      aliases: [{ hostname: "dns2", redirect: true as const }],
    },
    {
      ...{ hostname: "http", tls: "acme-http" as const, routes: { "/": "page:8080" }, healthPath: "/" },
      aliases: [{ hostname: "http2", redirect: true as const }],
    },
  ],
});
