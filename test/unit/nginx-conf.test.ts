import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLOUDFLARE_RANGES } from "../../components/lib/cloudflare-ranges";
import { renderNginx, renderNginxSites } from "../../components/lib/nginx-conf";
import { defineSystem } from "../../components/lib/system";
import { expectGolden } from "../support/golden";
import { HAS, nginxText, proxyFolder } from "../support/proxies";
import { SERVICE } from "../support/systems";

/** In the shape of S4: two services, two limits that share a count, headers of its own. */
const crm = defineSystem({
  name: "crm",
  proxy: "nginx",
  services: { server: SERVICE, "web-front": SERVICE },
  sites: [
    {
      hostname: "crm",
      aliases: [{ hostname: "sales", redirect: true }],
      routes: {
        "/": "web-front:3001",
        "/api": { to: "server:3000", replacePath: "/", maxBodyMb: 20 },
        "/graphql": "server:3000",
      },
      redirects: { "/login": "/welcome" },
      rateLimits: { api: { perSecond: 10, burst: { "/api": 20, "/graphql": 50, "/api/auth": 0 } } },
      headers: { "X-Frame-Options": "SAMEORIGIN", "X-XSS-Protection": "1; mode=block" },
      gzip: true,
    },
  ],
});
const input = { sites: crm.sites, domain: "mxcorre.com", edgeCidrs: CLOUDFLARE_RANGES };

let directory = "";
beforeAll(() => {
  directory = proxyFolder();
});
afterAll(() => rmSync(directory, { recursive: true }));

/** What nginx itself says of a whole configuration. */
function verdict(text: string): { readonly status: number | null; readonly said: string } {
  const config = join(directory, "nginx.conf");
  writeFileSync(config, nginxText(text, directory, 8080, 8443));
  const { status, stderr } = spawnSync("nginx", ["-t", "-c", config]);
  return { status, said: stderr.toString() };
}

describe("renderNginx", () => {
  it("is the golden file", () => {
    expectGolden("crm.nginx.conf", renderNginx(input));
  });

  it("writes no header below a server: there it would hide those above (S4-10)", () => {
    const deep = renderNginx(input).match(/^\t{3,}add_header/gm);

    expect(deep).toBeNull();
  });

  it("names the certificate of each host and a file of TLS settings where it is told so (S2-18)", () => {
    const live = (host: string) => `/etc/letsencrypt/live/${host}`;
    const text = renderNginxSites({
      ...input,
      certificateOf: (host) => ({
        certificate: `${live(host)}/fullchain.pem`,
        key: `${live(host)}/privkey.pem`,
      }),
      tlsOptions: "/etc/letsencrypt/options-ssl-nginx.conf",
    });

    for (const host of ["crm", "sales"])
      expect(text).toContain(`ssl_certificate /etc/letsencrypt/live/${host}.mxcorre.com/fullchain.pem;`);
    expect(text.match(/include \/etc\/letsencrypt\/options-ssl-nginx.conf;/g)).toHaveLength(3);
    expect(text).not.toMatch(/ssl_(protocols|ciphers|session)/);
  });

  describe.skipIf(!HAS.nginx)("(skipped only without an nginx binary)", () => {
    it("is accepted by nginx before any upstream is known, without a warning", () => {
      const { status, said } = verdict(renderNginx({ ...input, directory }));

      expect(said).toContain("syntax is ok");
      // 1.25.1 and later: one that older ones need is going out of use
      expect(said.replaceAll(/.*"listen ... http2" directive is deprecated.*/g, "")).not.toContain("[warn]");
      expect(status).toBe(0);
    });

    it("is refused by nginx where it is broken, so the check can fail", () => {
      expect(verdict(renderNginx({ ...input, directory }).replace("events {", "event {")).status).toBe(1);
    });

    it("fits into a configuration that has settings of its own, as on a host of S2", () => {
      const http = `events {}\npid /run/nginx.pid;\nhttp {\nserver_tokens off;\nkeepalive_timeout 65;\ngzip on;\nssl_protocols TLSv1.2;\n`;

      expect(verdict(`${http}${renderNginxSites({ ...input, directory })}}`).said).toContain("syntax is ok");
    });
  });
});
