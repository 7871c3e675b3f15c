import { X509Certificate } from "node:crypto";
import { issueServerCertificate, type Ca } from "../ca";
import { settingValues } from "./setting-rules";
import type { State, Zone } from "./state";

/** What edge and DNS know of a zone: the `zones` of the internet's configuration. */
export interface EdgeZone {
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly records: readonly EdgeRecord[];
  readonly certificate: { readonly certPem: string; readonly keyPem: string };
}

export interface EdgeRecord {
  readonly name: string;
  readonly type: string;
  readonly content: string;
  readonly proxied: boolean;
  readonly ttl: number;
  readonly priority?: number;
}

const RENEW_BEFORE = 30 * 24 * 60 * 60 * 1000;
// "Automatic" is 300 seconds (Cloudflare's DNS documentation on TTL).
const AUTOMATIC_TTL = 300;

/** Zones as the edge sees them: only active ones; a paused zone is DNS alone. */
export function edgeZones(state: State): EdgeZone[] {
  return state.zones.flatMap((zone) =>
    zone.status === "active" && zone.certificate
      ? [
          {
            name: zone.name,
            settings: settingValues(zone),
            records: edgeRecords(zone),
            certificate: zone.certificate,
          },
        ]
      : [],
  );
}

function edgeRecords(zone: Zone): EdgeRecord[] {
  return zone.records.map(({ name, type, content, proxied, ttl, priority }) => ({
    name,
    type,
    content,
    proxied: proxied && !zone.paused,
    ttl: ttl === 1 ? AUTOMATIC_TTL : ttl,
    ...(priority === undefined ? {} : { priority }),
  }));
}

/** Gives every zone a certificate that this authority signed and that is good for 30 days at least. */
export async function renewCertificates(ca: Ca, zones: readonly Zone[]): Promise<boolean> {
  const due = zones.filter((zone) => !isGood(zone.certificate?.certPem, ca));
  for (const zone of due) {
    const { certPem, keyPem } = await issueServerCertificate(ca, [zone.name, `*.${zone.name}`]);
    zone.certificate = { certPem, keyPem };
  }
  return due.length > 0;
}

function isGood(certPem: string | undefined, ca: Ca): boolean {
  if (certPem === undefined) return false;
  const certificate = new X509Certificate(certPem);
  const left = Date.parse(certificate.validTo) - Date.now();
  return left > RENEW_BEFORE && certificate.verify(new X509Certificate(ca.certPem).publicKey);
}
