import { X509Certificate } from "node:crypto";
import { issueServerCertificate, type Ca } from "../ca";
import type {
  InternetHealthcheck,
  InternetRecord,
  InternetTurnstile,
  InternetZone,
} from "../internet/config";
import { ANY_HTTP, type Healthcheck } from "./healthchecks";
import { edgeRules } from "./ruleset-edge";
import { settingValues } from "./setting-rules";
import type { State, Zone } from "./state";

const RENEW_BEFORE = 30 * 24 * 60 * 60 * 1000;

/** Zones as edge and DNS see them: only active ones; a paused zone is DNS alone. */
export function edgeZones(state: State): InternetZone[] {
  return state.zones.flatMap((zone) => {
    const { name, status, certificate } = zone;
    if (status !== "active" || !certificate) return [];
    const rules = edgeRules(zone);
    return [{ name, settings: settingValues(zone), records: edgeRecords(zone), certificate, rules }];
  });
}

/** Turnstile as the edge sees it; nothing until there is a certificate. */
export function edgeTurnstile({ challenges, widgets }: State): InternetTurnstile | undefined {
  const { certificate } = challenges;
  return (
    certificate && {
      certificate,
      widgets: widgets.map(({ sitekey, domains, secret, before }) => ({
        sitekey,
        domains,
        secrets: [{ secret }, ...(before ? [before] : [])],
      })),
    }
  );
}

/** Health checks that are not suspended. */
export function edgeHealthchecks({ zones }: State): InternetHealthcheck[] {
  return zones.flatMap(({ healthchecks = [] }) =>
    healthchecks.filter(({ suspended }) => !suspended).map(toEdge),
  );
}

function toEdge({ http_config: given, tcp_config: tcp, ...check }: Healthcheck): InternetHealthcheck {
  const http = given ?? ANY_HTTP;
  return {
    ...{ id: check.id, type: check.type, address: check.address, interval: check.interval },
    ...{ timeout: check.timeout, retries: check.retries, port: http.port ?? tcp?.port ?? 80 },
    consecutiveFails: check.consecutive_fails,
    consecutiveSuccesses: check.consecutive_successes,
    ...{ method: http.method, path: http.path, headers: http.header ?? {} },
    ...{ codes: http.expected_codes ?? ["200"], body: http.expected_body },
    ...{ insecure: http.allow_insecure, followRedirects: http.follow_redirects },
  };
}

function edgeRecords({ records, paused }: Zone): InternetRecord[] {
  return records.map(({ name, type, content, proxied, ttl, priority }) => ({
    name,
    type,
    content,
    proxied: proxied && !paused,
    ttl,
    ...(priority === undefined ? {} : { priority }),
  }));
}

/** Gives every zone a certificate that this authority signed and that is good for 30 days at least. */
export async function renewCertificates(
  ca: Ca,
  zones: readonly Pick<Zone, "name" | "certificate">[],
): Promise<boolean> {
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
