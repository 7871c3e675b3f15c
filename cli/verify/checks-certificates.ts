import { acmeSites } from "../../components/lib/acme";
import { fullHostname, type System } from "../../components/lib/system";
import type { Site } from "../../components/lib/system-sites";
import { broken, checkOf, proven, replaceStep, type Check, type Expected, type Verdict } from "./check";
import type { Output } from "./facts";

/** What each host of the system shows to the edge. */
export const CERTIFICATE_CHECKS: readonly Check[] = [
  checkOf("S1-23", "the origin serves a certificate of each host", "host", (host, expected) =>
    certificatesVerdict(host.certificates, expected),
  ),
  checkOf(
    "S2-19",
    "certbot renews certificates in time",
    "host",
    (host, expected) => renewalVerdict(host.certificates, host.renewal, expected),
    hasAcme,
  ),
];

const REDO_ORIGIN = replaceStep("origin-install");
const RENEW = "homeport ssh -- sudo certbot renew";
const DAY_MS = 86_400_000;
/** The Origin CA's lasts for years: with less left, nothing will renew it. */
const LEAST_DAYS_ORIGIN = 14;
/** Certbot renews with 30 days left, twice a day: with less than this it has failed for more than a week. */
const LEAST_DAYS_ACME = 20;

/** What `openssl x509` says of a certificate. */
interface Certificate {
  readonly subject: string;
  readonly issuer: string;
  readonly names: readonly string[];
  readonly begins: Date;
  readonly ends: Date;
}

function hasAcme({ sites }: System): boolean {
  return acmeSites(sites).length > 0;
}

/** Every host of every site: issuer by the site's mode, name and dates. */
export function certificatesVerdict(probe: Output, { system, config, now }: Expected): Verdict {
  const hosts = hostsOf(system.sites, config.domain);
  const evidence: string[] = [];
  for (const [host, site] of hosts) {
    const certificate = certificateOf(probe, host);
    if (certificate === undefined) return broken(`${host}: no certificate on port 443`, REDO_ORIGIN);
    const isAcme = site.tls !== "origin-ca";
    const fault = certificateFault(certificate, host, now, isAcme);
    if (fault !== undefined) return broken(`${host}: ${fault}`, isAcme ? RENEW : REDO_ORIGIN);
    evidence.push(`${host} ${certificate.issuer}, ${daysLeft(certificate, now)} days left`);
  }
  return proven(evidence.join("; "));
}

/** Certbot's timer runs, and what it renews is not near its end. */
export function renewalVerdict(
  certificates: Output,
  renewal: Output,
  { system, config, now }: Expected,
): Verdict {
  const timer = renewal.out.trim();
  if (timer !== "enabled active")
    return broken(`certbot.timer is ${timer || "missing"}`, replaceStep("acme-setup"));
  const days = acmeSites(system.sites).map((site) => {
    const certificate = certificateOf(certificates, fullHostname(site.hostname, config.domain));
    return certificate === undefined ? 0 : daysLeft(certificate, now);
  });
  const least = Math.min(...days);
  if (least < LEAST_DAYS_ACME) return broken(`a certificate ends in ${least} days`, RENEW);
  return proven(`certbot.timer is on; ${least} days left or more`);
}

function hostsOf(sites: readonly Site[], domain: string): [string, Site][] {
  return sites.flatMap((site) =>
    [site.hostname, ...site.redirectsFrom].map((name): [string, Site] => [fullHostname(name, domain), site]),
  );
}

function certificateFault(
  certificate: Certificate,
  host: string,
  now: Date,
  isAcme: boolean,
): string | undefined {
  const { issuer, subject, names, begins, ends } = certificate;
  if (issuer === subject) return `it is self-signed: ${issuer}`;
  const stranger = issuerFault(issuer, isAcme);
  if (stranger !== undefined) return stranger;
  if (!names.includes(host) && !names.includes(host.replace(/^[^.]+/, "*")))
    return `it does not name ${host}`;
  const least = isAcme ? 1 : LEAST_DAYS_ORIGIN;
  if (begins <= now && ends.getTime() - now.getTime() >= least * DAY_MS) return undefined;
  return `valid from ${begins.toISOString()} to ${ends.toISOString()}`;
}

/** The Origin CA's where it belongs, and not where it stands in for another. */
function issuerFault(issuer: string, isAcme: boolean): string | undefined {
  if (/origin/i.test(issuer) !== isAcme) return undefined;
  if (!isAcme) return `the issuer is ${issuer}, not Cloudflare's Origin CA`;
  return `the issuer is ${issuer}, which stands in: Let's Encrypt's is missing or over`;
}

function daysLeft({ ends }: Certificate, now: Date): number {
  return Math.floor((ends.getTime() - now.getTime()) / DAY_MS);
}

/** A host's paragraph: its name, then what openssl says; nothing of openssl's when none is served. */
function certificateOf({ out }: Output, host: string): Certificate | undefined {
  const text = out.split(/^host /m).find((part) => part.startsWith(`${host}\n`)) ?? "";
  const field = (name: string): string =>
    new RegExp(`^${name}\\s*=\\s*(.*)$`, "m").exec(text)?.[1]?.trim() ?? "";
  if (field("issuer") === "") return undefined;
  return {
    subject: field("subject"),
    issuer: field("issuer"),
    names: [...text.matchAll(/DNS:([^,\s]+)/g)].map(([, name = ""]) => name),
    begins: new Date(field("notBefore")),
    ends: new Date(field("notAfter")),
  };
}
