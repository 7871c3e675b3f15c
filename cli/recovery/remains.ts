import { z } from "zod";
import { ownerComment, physicalName } from "../../components/lib/names";
import { systemHostnames, type System } from "../../components/lib/system";
import { mailRecords } from "../../components/lib/system-mail";
import type { CloudflareApi } from "../cloudflare";
import { failed } from "../cli-error";
import { findLabelled, type HetznerApi, type HetznerKind, type HetznerObject } from "../hetzner";
import { stackSelector } from "../labels";
import { findEdgeObjects } from "./edge-remains";
import { isRequestOf, type EdgeObject, type ZoneRecord } from "./import-file";

/** What both APIs still have of a stack. */
export interface Remains {
  readonly hetzner: Readonly<Record<HetznerKind, readonly HetznerObject[]>>;
  readonly zoneId: string;
  /** At the system's names, whoever made them. */
  readonly records: readonly ZoneRecord[];
  /** Rulesets, widgets and monitors, whoever made them. */
  readonly edge: readonly EdgeObject[];
  /** Of the Origin CA, for one of the system's names. */
  readonly certificates: readonly OriginCertificate[];
}

export interface OriginCertificate {
  readonly id: string;
  readonly hostnames: readonly string[];
  /** Its request says that it is this stack's. */
  readonly isOurs: boolean;
}

/** Cloudflare's largest page of certificates. */
const PAGE_SIZE = 50;
const ADDRESS_TYPES = ["A", "AAAA", "CNAME"];

const zones = z.array(z.object({ id: z.string() }));
const records = z.array(
  z.object({ id: z.string(), name: z.string(), type: z.string(), comment: z.string().nullish() }),
);
const certificates = z.array(
  z.object({ id: z.string(), hostnames: z.array(z.string()), csr: z.string().optional() }),
);

/** Looks for it, by label at Hetzner and by name at Cloudflare. Changes nothing. */
export async function findRemains(
  apis: { readonly hetzner: HetznerApi; readonly cloudflare: CloudflareApi },
  { system, stack, domain }: { readonly system: System; readonly stack: string; readonly domain: string },
): Promise<Remains> {
  const hostnames = systemHostnames(system, domain);
  const zoneId = await findZone(apis.cloudflare, domain);
  const [hetzner, found, issued, edge] = await Promise.all([
    findLabelled(apis.hetzner, stackSelector(system.name, stack)),
    findRecords(apis.cloudflare, zoneId, { system, stack, domain }),
    certificatesOf(apis.cloudflare, zoneId),
    findEdgeObjects(apis.cloudflare, zoneId, system),
  ]);
  const owner = physicalName(system.name, stack);
  return {
    hetzner,
    zoneId,
    records: found,
    edge,
    certificates: issued
      .filter((one) => one.hostnames.some((name) => hostnames.includes(name)))
      .map(({ id, hostnames: names, csr = "" }) => ({
        id,
        hostnames: names,
        isOurs: isRequestOf(csr, owner),
      })),
  };
}

/** The id of a zone. @throws CliError when the token may not read it, or there is none. */
export async function findZone(api: CloudflareApi, domain: string): Promise<string> {
  const [zone] = zones.parse(await api.get(`/zones?name=${encodeURIComponent(domain)}`));
  if (zone !== undefined) return zone.id;
  throw failed(
    `Cloudflare API: there is no zone ${domain} that this token may read; fix: pulumi config set --secret cloudflare:apiToken`,
  );
}

/**
 * The records at the system's names that stand where it puts its own: addresses, whoever made them, and of the texts,
 * of which a name may have many, those that are this stack's.
 */
export async function findRecords(
  api: CloudflareApi,
  zoneId: string,
  { system, stack, domain }: { readonly system: System; readonly stack: string; readonly domain: string },
): Promise<ZoneRecord[]> {
  const mail = mailRecords(system.mail, domain).map(({ name }) => name);
  const names = new Set([...systemHostnames(system, domain), ...mail]);
  const mark = ownerComment(physicalName(system.name, stack));
  const found = (await Promise.all([...names].map((name) => recordsOf(api, zoneId, name)))).flat();
  return found.filter(
    ({ type, comment }) => ADDRESS_TYPES.includes(type) || (type === "TXT" && comment === mark),
  );
}

async function recordsOf(api: CloudflareApi, zoneId: string, name: string): Promise<ZoneRecord[]> {
  return records.parse(await api.get(`/zones/${zoneId}/dns_records?name=${encodeURIComponent(name)}`));
}

async function certificatesOf(api: CloudflareApi, zoneId: string): Promise<z.infer<typeof certificates>> {
  const found: z.infer<typeof certificates> = [];
  for (let page = 1; ; page++) {
    const query = `zone_id=${zoneId}&page=${page}&per_page=${PAGE_SIZE}`;
    const more = certificates.parse(await api.get(`/certificates?${query}`));
    found.push(...more);
    if (more.length < PAGE_SIZE) return found;
  }
}
