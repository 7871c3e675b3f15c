import { describe, expect, it } from "vitest";
import type { Expected } from "../../cli/verify/check";
import {
  CERTIFICATE_CHECKS,
  certificatesVerdict,
  renewalVerdict,
} from "../../cli/verify/checks-certificates";
import { defineSystem } from "../../components/lib/system";
import type { TlsMode } from "../../components/lib/system-sites";
import { expectedStack, said } from "../support/verify";

const ORIGIN_CA = 'C = US, O = "CloudFlare, Inc.", OU = CloudFlare Origin SSL Certificate Authority';
const LETS_ENCRYPT = "C = US, O = Let's Encrypt, CN = E7";

/** Two sites, the second with an alias. */
function expected(second: TlsMode = "acme-http", now = "2026-11-21T00:00:00Z"): Expected {
  const system = defineSystem({
    name: "shop",
    services: { web: { strategy: "stop-first", stopGracePeriodSeconds: 1 } },
    sites: [
      { hostname: "@", routes: { "/": "web:80" } },
      {
        ...{ hostname: "api", tls: second, routes: { "/": "web:80" } },
        aliases: [{ hostname: "www", redirect: true }],
      },
    ],
  });
  return expectedStack({ system, now: new Date(now) });
}

function shown(host: string, issuer: string, names: string, until = "Feb 10 00:00:00 2027 GMT"): string {
  return `host ${host}
subject=CN = ${host}
issuer=${issuer}
notBefore=Nov 20 00:00:00 2026 GMT
notAfter=${until}
X509v3 Subject Alternative Name:
    ${names}
`;
}

const APEX = shown("mxcorre.com", ORIGIN_CA, "DNS:*.mxcorre.com, DNS:mxcorre.com");
const BOTH = "DNS:api.mxcorre.com, DNS:www.mxcorre.com";
const API = shown("api.mxcorre.com", LETS_ENCRYPT, BOTH);
const WWW = shown("www.mxcorre.com", LETS_ENCRYPT, BOTH);
const verdict = (...parts: string[]) => certificatesVerdict(said(parts.join("")), expected());

describe("certificates of every host (S1-23)", () => {
  it("are the Origin CA's or Let's Encrypt's by the site's mode", () => {
    expect(verdict(APEX, API, WWW)).toMatchObject({ ok: true });
    const one = "DNS:*.mxcorre.com, DNS:mxcorre.com";
    const hosts = ["mxcorre.com", "api.mxcorre.com", "www.mxcorre.com"].map((h) => shown(h, ORIGIN_CA, one));
    expect(certificatesVerdict(said(hosts.join("")), expected("origin-ca"))).toMatchObject({ ok: true });
  });

  it.each<[string, string[], RegExp]>([
    ["none is served", [APEX, "host api.mxcorre.com\n", WWW], /^api.mxcorre.com: no certificate on port 443/],
    ["the stand-in, by the second site", [APEX, shown("api.mxcorre.com", ORIGIN_CA, BOTH), WWW], /stands in/],
    ["the stand-in, by an alias", [APEX, API, shown("www.mxcorre.com", ORIGIN_CA, BOTH)], /^www.*stands in/],
    ["self-signed", [shown("mxcorre.com", "CN = mxcorre.com", "DNS:mxcorre.com"), API, WWW], /self-signed/],
    ["a stranger's", [shown("mxcorre.com", "CN = Evil CA", "DNS:mxcorre.com"), API, WWW], /Evil CA, not/],
    [
      "without its name",
      [APEX, shown("api.mxcorre.com", LETS_ENCRYPT, "DNS:www.mxcorre.com"), WWW],
      /not name/,
    ],
    [
      "over",
      [APEX, shown("api.mxcorre.com", LETS_ENCRYPT, BOTH, "Nov 20 12:00:00 2026 GMT"), WWW],
      /valid from/,
    ],
    [
      "over soon",
      [shown("mxcorre.com", ORIGIN_CA, "DNS:mxcorre.com", "Dec 1 00:00:00 2026 GMT")],
      /valid from/,
    ],
  ])("are refused: %s", (_what, parts, found) => {
    expect(verdict(...parts)).toMatchObject({
      ok: false,
      found: expect.stringMatching(found) as string,
      fix: expect.stringMatching(/./) as string,
    });
  });

  it("are refused before they begin", () => {
    const early = expected("acme-http", "2026-11-01T00:00:00Z");
    expect(certificatesVerdict(said(APEX + API + WWW), early)).toMatchObject({ ok: false });
  });
});

describe("renewal (S2-19)", () => {
  const renewal = (timer: string, until?: string) =>
    renewalVerdict(said(APEX + shown("api.mxcorre.com", LETS_ENCRYPT, BOTH, until)), said(timer), expected());

  it("is certbot's timer, and days that are left", () => {
    expect(renewal("enabled active\n")).toEqual({
      ok: true,
      evidence: "certbot.timer is on; 81 days left or more",
    });
  });

  it.each<[string, string, string | undefined, RegExp]>([
    ["the timer is stopped", "enabled inactive\n", undefined, /certbot.timer is enabled inactive/],
    ["there is none", " \n", undefined, /certbot.timer is missing/],
    ["it has failed for days", "enabled active\n", "Dec 9 00:00:00 2026 GMT", /ends in 18 days/],
  ])("is broken: %s", (_what, timer, until, found) => {
    expect(renewal(timer, until)).toMatchObject({
      ok: false,
      found: expect.stringMatching(found) as string,
    });
  });

  it("is asked about where a site has a certificate of Let's Encrypt, and nowhere else", () => {
    const asked = (tls: TlsMode) =>
      CERTIFICATE_CHECKS.filter(({ appliesTo }) => appliesTo?.(expected(tls).system) ?? true).map(
        ({ id }) => id,
      );
    expect(asked("acme-dns")).toEqual(["S1-23", "S2-19"]);
    expect(asked("origin-ca")).toEqual(["S1-23"]);
  });
});
