import { describe, expect, it } from "vitest";
import { acmeWord } from "../../components/lib/acme";
import { renderCaddyfile } from "../../components/lib/caddyfile";
import { renderNginx } from "../../components/lib/nginx-conf";
import { proxyVolumes } from "../../components/lib/proxy-kinds";
import { defineSystem, type System } from "../../components/lib/system";
import type { TlsMode } from "../../components/lib/system-sites";
import { messages, parseWith } from "../support/valid-config";

function system(tls: TlsMode | undefined): System {
  const aliases = [{ hostname: "www", redirect: true as const }];
  return defineSystem({
    name: "shop",
    services: { web: { strategy: "stop-first", stopGracePeriodSeconds: 1 } },
    sites: [{ hostname: "@", routes: { "/": "web:80" }, aliases, ...(tls === undefined ? {} : { tls }) }],
  });
}

const input = (tls: TlsMode | undefined) => ({
  sites: system(tls).sites,
  domain: "acme.com",
  edgeCidrs: ["198.51.100.0/24"],
});
const count = (text: string, part: string): number => text.split(part).length - 1;

describe("a site's mode of TLS", () => {
  it("is the Origin CA's unless it says otherwise, with nothing to keep", () => {
    expect(system(undefined)).toEqual(system("origin-ca"));
    expect(system(undefined).files).toEqual([]);
    expect(renderCaddyfile(input(undefined))).not.toMatch(/acme-challenge|\.pem/);
    expect(renderNginx(input(undefined))).not.toContain(".pem");
  });

  it.each(["acme-dns", "acme-http"] as const)("%s: what certbot keeps is backed up (H7)", (tls) => {
    expect(system(tls).files).toEqual([
      { path: "/etc/letsencrypt", owner: "0:0", mode: "0700", backup: true, exclude: [], sqlite: [] },
    ]);
    expect(system(tls).sites.map((site) => acmeWord(site, "acme.com"))).toEqual([
      `${tls}=acme.com,www.acme.com`,
    ]);
  });

  it.each(["acme-dns", "acme-http"] as const)("%s: each host shows the site's own certificate", (tls) => {
    expect(count(renderCaddyfile(input(tls)), "import /etc/caddy/tls/acme.com.caddy")).toBe(2);
    const file = "/etc/nginx/homeport/tls/acme.com.pem;";
    expect(count(renderNginx(input(tls)), `ssl_certificate ${file}`)).toBe(2);
    expect(count(renderNginx(input(tls)), `ssl_certificate_key ${file}`)).toBe(2);
  });

  it("acme-http alone answers challenges, in plain and over TLS, on every host", () => {
    const root = "handle /.well-known/acme-challenge/* {";
    expect(count(renderCaddyfile(input("acme-http")), root)).toBe(3);
    expect(count(renderCaddyfile(input("acme-dns")), root)).toBe(0);
    expect(count(renderNginx(input("acme-http")), "location ^~ /.well-known/acme-challenge/")).toBe(3);
    expect(proxyVolumes(system("acme-dns"))).toHaveLength(3);
    for (const kind of ["caddy", "nginx"] as const) {
      const folders = proxyVolumes({ ...system("acme-http"), proxy: kind });
      expect(folders.filter(({ hostPath }) => hostPath === "/var/lib/homeport/acme")).toHaveLength(1);
    }
  });

  it("is one of the three", () => {
    expect(() => system("acme" as TlsMode)).toThrow(
      /sites\[0\].tls: must be origin-ca, acme-dns or acme-http/,
    );
  });
});

describe("the token that proves names by a record", () => {
  const KEY = "homeport:acmeDnsToken";
  const faults = (tls: TlsMode, token?: string): string[] => {
    const images = JSON.stringify({ web: "caddy:2.10.2", proxy: "caddy:2.10.2" });
    const raw = { "homeport:images": images, "homeport:secrets": undefined, [KEY]: token };
    return messages(parseWith({ system: system(tls), raw }));
  };

  it("is demanded where a site is acme-dns, and refused elsewhere", () => {
    expect(faults("acme-dns", "a1".repeat(20))).toEqual([]);
    expect(faults("acme-dns")).toEqual([
      `${KEY}: must be set, got nothing; fix: pulumi config set --secret ${KEY} --stack prod`,
    ]);
    expect(faults("acme-http")).toEqual([]);
    expect(faults("acme-http", "a1".repeat(20))).toEqual([
      `${KEY}: must be left out: no site is acme-dns, got a value; fix: pulumi config rm --path '${KEY}' --stack prod`,
    ]);
  });

  it("is one of Cloudflare's, and never shown", () => {
    expect(faults("acme-dns", "s3cret")).toEqual([
      expect.stringMatching(/must be an API token of 40 to 128 .*got \[hidden, 6 characters\]/),
    ]);
  });
});
