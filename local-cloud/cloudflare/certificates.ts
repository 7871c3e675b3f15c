import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import type { FastifyInstance } from "fastify";
import { CsrError, pem, signRequest } from "../ca";
import type { CloudflareDeps } from "./deps";
import { fault, ok } from "./envelope";
import { page, param, type Query } from "./query";
import type { OriginCertificate, Zone } from "./state";

const VALIDITIES = [7, 30, 90, 365, 730, 1095, 5475];
const REQUEST_TYPES = ["origin-rsa", "origin-ecc", "keyless-certificate"];
const PAGES = { perPage: 20, min: 5, max: 50 };
const SUBJECT: Record<string, string[]>[] = [
  { O: ["CloudFlare, Inc."] },
  { OU: ["CloudFlare Origin CA"] },
  { CN: ["CloudFlare Origin Certificate"] },
];
const HOSTNAME = /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/;

type CertificateRequest = { Params: { certificate: string } };

/** `/certificates`: the Origin CA. */
export function certificateRoutes(app: FastifyInstance, deps: CloudflareDeps): void {
  const { state } = deps.store;
  const find = (id: string): OriginCertificate => {
    const found = state.certificates.find((one) => one.id === id);
    if (!found) throw fault(404, 1101, "Failed to read certificate from Database");
    return found;
  };

  app.get<{ Querystring: Query }>("/certificates", async ({ query }) => {
    const zone = param(query, "zone_id");
    if (zone === undefined) {
      throw fault(
        400,
        1012,
        "Please provide a zone id when requesting a stored certificate, or fetch by serial number.",
      );
    }
    return page(state.certificates.filter(({ zoneIds }) => zoneIds.includes(zone)).map(answer), query, PAGES);
  });

  app.post("/certificates", async (request) => {
    const made = await issue(deps, (request.body ?? {}) as Record<string, unknown>);
    state.certificates.push(made);
    deps.store.save();
    return ok(answer(made));
  });

  app.get<CertificateRequest>("/certificates/:certificate", async ({ params }) =>
    ok(answer(find(params.certificate))),
  );

  app.delete<CertificateRequest>("/certificates/:certificate", async ({ params }) => {
    const { id } = find(params.certificate);
    state.certificates = state.certificates.filter((one) => one.id !== id);
    deps.store.save();
    return ok({ id, revoked_at: new Date().toISOString() });
  });
}

async function issue(deps: CloudflareDeps, body: Record<string, unknown>): Promise<OriginCertificate> {
  const request_type = body.request_type ?? "";
  if (!REQUEST_TYPES.includes(request_type as string)) throw fault(400, 1005, "Invalid request type.");
  const requested_validity = body.requested_validity ?? 5475;
  if (!VALIDITIES.includes(requested_validity as number))
    throw fault(400, 1004, "Invalid requested validity.");
  const { hostnames, zoneIds } = checkedHostnames(body.hostnames, deps.store.state.zones);
  const csr = typeof body.csr === "string" ? body.csr : "";
  const certificate = await signRequest(
    deps.originCa,
    csr,
    hostnames,
    requested_validity as number,
    SUBJECT,
  ).catch((error: unknown) => {
    throw error instanceof CsrError
      ? fault(400, 1003, `Failed to parse the certificate signing request: ${error.message}.`)
      : error;
  });
  return {
    id: BigInt(`0x${certificate.serialNumber}`).toString(),
    csr,
    hostnames,
    request_type: request_type as string,
    requested_validity: requested_validity as number,
    certificate: pem(certificate),
    expires_on: goTime(certificate.notAfter),
    zoneIds,
  };
}

function checkedHostnames(
  given: unknown,
  zones: readonly Zone[],
): { hostnames: string[]; zoneIds: string[] } {
  const hostnames = Array.isArray(given) ? given.map((name) => ascii(String(name))) : [];
  if (hostnames.length === 0) throw fault(400, 1009, "At least one hostname is required.");
  const zoneIds = hostnames.map((name) => {
    const bare = name.replace(/^\*\./, "");
    const zone = zones.find((one) => bare === one.name || bare.endsWith(`.${one.name}`));
    if (HOSTNAME.test(name) && isIP(name) === 0 && zone) return zone.id;
    throw fault(
      400,
      1010,
      `Failed to validate requested hostname ${name}: This zone is either not part of your account, or you do not have access to it. Please contact support if using a multi-user organization.`,
    );
  });
  return { hostnames, zoneIds: [...new Set(zoneIds)] };
}

function ascii(name: string): string {
  const small = name.trim().toLowerCase();
  return /^[\x20-\x7e]*$/.test(small) ? small : domainToASCII(small);
}

// The Origin CA writes its times as Go prints them.
function goTime(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace("T", " ")} +0000 UTC`;
}

function answer({ zoneIds: _, ...certificate }: OriginCertificate): object {
  return certificate;
}
