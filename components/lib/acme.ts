import { fullHostname } from "./system";
import type { HostDirectory } from "./system-files";
import type { Site, TlsMode } from "./system-sites";

/** Certbot's own folder on the host: account, certificates, keys, and how each is renewed. */
const CERTBOT: HostDirectory = {
  path: "/etc/letsencrypt",
  ...{ owner: "0:0", mode: "0700", backup: true, exclude: [], sqlite: [] },
};

/** Where the proxy's container sees the files of HTTP challenges, which are in {@link CHALLENGES} on the host. */
export const ACME_ROOT = "/var/www/certbot";
/** On the host; `scripts/remote/73-acme.sh` knows it too. */
export const CHALLENGES = "/var/lib/homeport/acme";
/** Below a site: where the answer to a challenge is looked for (RFC 8555, section 8.3). */
export const CHALLENGE_PATH = "/.well-known/acme-challenge/";

/** Sites of these modes; by default those that have a certificate from an ACME server. */
export function acmeSites(
  sites: readonly Site[],
  modes: readonly TlsMode[] = ["acme-dns", "acme-http"],
): Site[] {
  return sites.filter(({ tls }) => modes.includes(tls));
}

/** What has to outlive a server, beside what the system names: nothing where there is no ACME server. */
export function acmeDirectories(sites: readonly Site[]): HostDirectory[] {
  return acmeSites(sites).length > 0 ? [CERTBOT] : [];
}

/** A site as the steps on the host take it: `acme-dns=app.example.com,www.example.com`, the certificate's name first. */
export function acmeWord(site: Site, domain: string): string {
  const hosts = [site.hostname, ...site.redirectsFrom].map((hostname) => fullHostname(hostname, domain));
  return `${site.tls}=${hosts.join(",")}`;
}

/** Below the proxy's folder, without its ending: `.pem` holds certificate and key, `.caddy` Caddy's line about them. */
export function certificateFile(site: Site, domain: string): string | undefined {
  return site.tls === "origin-ca" ? undefined : `tls/${fullHostname(site.hostname, domain)}`;
}
