import { describe, expect, it } from "vitest";
import { defineSystem, type SystemSpec } from "../../components/lib/system";
import type { SiteSpec } from "../../components/lib/system-sites";
import { faultsOf, SERVICE } from "../support/systems";

function spec(site: Partial<SiteSpec> = {}, changes: Partial<SystemSpec> = {}): SystemSpec {
  return {
    ...{ name: "shop", proxy: "nginx", services: { web: SERVICE, api: SERVICE } },
    sites: [{ hostname: "@", routes: { "/": "web:80" }, ...site }],
    ...changes,
  };
}

const limit = (changes: object) => ({
  rateLimits: { api: { perSecond: 10, burst: { "/api": 20 }, ...changes } },
});

describe("a system's sites", () => {
  it("fill in what they leave out: Caddy, no headers, the site's body size for each route", () => {
    const system = defineSystem(
      spec(
        { routes: { "/": "web:80", "/api": { to: "api:81", replacePath: "/" } }, maxBodyMb: 7 },
        { proxy: undefined },
      ),
    );

    expect(system.proxy).toBe("caddy");
    expect(system.sites[0]).toEqual({
      ...{
        hostname: "@",
        tls: "origin-ca",
        redirectsFrom: [],
        healthPath: "/up",
        redirects: {},
        headers: {},
        rateLimits: {},
        unlogged: [],
        gzip: false,
        maxBodyMb: 7,
      },
      routes: [
        { path: "/api", service: "api", port: 81, replacePath: "/", maxBodyMb: 7 },
        { path: "/", service: "web", port: 80, maxBodyMb: 7 },
      ],
    });
  });

  it("take limits, headers and redirects", () => {
    const headers = {
      "Permissions-Policy": 'camera=(self "https://a.example")',
      "X-XSS-Protection": "1; mode=block",
    };

    expect(
      faultsOf(spec({ ...limit({}), headers, redirects: { "/old": "/new", "/x": "https://a.example/?y" } })),
    ).toEqual([]);
  });

  it.each<[string, SystemSpec, string]>([
    ["another proxy", spec({}, { proxy: "apache" as "nginx" }), "proxy: must be caddy or nginx, got apache"],
    [
      "limits with Caddy",
      spec(limit({}), { proxy: "caddy" }),
      "sites[0].rateLimits: must be left out with Caddy",
    ],
    [
      "silence with Caddy",
      spec({ unlogged: ["/t"] }, { proxy: "caddy" }),
      "sites[0].unlogged: must be left out with Caddy",
    ],
    ["a silent path", spec({ unlogged: ["t"] }), "sites[0].unlogged: must have a path of /"],
    [
      "a limit's name",
      spec({ rateLimits: { "a b": { perSecond: 1, burst: { "/": 1 } } } }),
      "rateLimits.a b: must be named in a-z",
    ],
    [
      "a limit of nothing",
      spec(limit({ perSecond: 0 })),
      "rateLimits.api.perSecond: must be a whole number from 1 to 10000",
    ],
    [
      "a limit without paths",
      spec(limit({ burst: {} })),
      "rateLimits.api.burst: must hold at least one path",
    ],
    ["a limit's path", spec(limit({ burst: { "/{x}": 1 } })), 'burst["/{x}"]: must have a path'],
    [
      "half a request",
      spec(limit({ burst: { "/api": 0.5 } })),
      'burst["/api"]: must be a whole number from 0 to 10000',
    ],
    [
      "one limit in two sites",
      spec(
        {},
        {
          sites: [
            { hostname: "@", routes: { "/": "web:80" }, ...limit({}) },
            { hostname: "b", routes: { "/": "web:80" }, ...limit({}) },
          ],
        },
      ),
      "sites[1].rateLimits.api: must appear once in the system",
    ],
    ["a header's name", spec({ headers: { "X Y": "1" } }), "headers.X Y: must be named in letters"],
    [
      "a header with a variable",
      spec({ headers: { "X-A": "$host" } }),
      "headers.X-A: must be printable ASCII without $",
    ],
    [
      "a header with a placeholder",
      spec({ headers: { "X-A": "{http.request.host}" } }),
      "headers.X-A: must be printable ASCII",
    ],
    ["a header in two lines", spec({ headers: { "X-A": "a\r\nb" } }), "headers.X-A: must be printable ASCII"],
    [
      "a header of one answer",
      spec({ headers: { "Content-Length": "0" } }),
      "headers.Content-Length: must be a header that all answers can share",
    ],
    [
      "a header twice",
      spec({ headers: { "X-A": "1", "x-a": "2" } }),
      "headers.x-a: must appear once, whatever its case",
    ],
    [
      "a redirect's target",
      spec({ redirects: { "/a": "http://b.example" } }),
      'redirects["/a"]: must lead to a path or an https URL',
    ],
    [
      "a redirect with a variable",
      spec({ redirects: { "/a": "https://b.example/$uri" } }),
      'redirects["/a"]: must lead to',
    ],
    [
      "a redirect to itself",
      spec({ redirects: { "/a": "/a" } }),
      'redirects["/a"]: must lead somewhere else',
    ],
    [
      "one route with and without slash",
      spec({ routes: { "/a": "web:80", "/a/": "web:80" } }),
      'routes["/a/"]: must appear once',
    ],
    [
      "two ports of one service",
      spec({ routes: { "/": "web:80", "/a": "web:81" } }),
      'sites: must route to one port of service web, got "80 and 81"',
    ],
    [
      "a replaced path",
      spec({ routes: { "/": { to: "web:80", replacePath: "a b" } } }),
      'routes["/"].replacePath: must have a path',
    ],
    [
      "a route's body",
      spec({ routes: { "/": { to: "web:80", maxBodyMb: 501 } } }),
      'routes["/"].maxBodyMb: must be a whole number from 1 to 500',
    ],
  ])("refuse %s", (_, changed, message) => {
    expect(faultsOf(changed)).toEqual([expect.stringContaining(message)]);
  });
});
