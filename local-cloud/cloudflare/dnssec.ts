import { createHash, generateKeyPairSync } from "node:crypto";
import type { FastifyInstance } from "fastify";
import type { CloudflareDeps } from "./deps";
import { fault, ok } from "./envelope";
import type { Dnssec, Zone } from "./state";
import { changed, findZone, type ZoneRequest } from "./zone-access";

const KSK = 257; // RFC 4034: zone key, secure entry point
const ECDSA_P256_SHA256 = 13; // RFC 6605
const SHA256 = 2;
const FLAGS = ["dnssec_multi_signer", "dnssec_presigned", "dnssec_use_nsec3"] as const;

/** `/zones/{zone_id}/dnssec`: keys and DS as they would be; the local DNS signs nothing. */
export function dnssecRoutes(app: FastifyInstance, deps: CloudflareDeps): void {
  const path = "/zones/:zone/dnssec";

  app.get<ZoneRequest>(path, async (request) => ok(answer(findZone(deps, request))));

  app.patch<ZoneRequest>(path, async (request) => {
    const zone = findZone(deps, request);
    zone.dnssec = patched(zone.dnssec, (request.body ?? {}) as Record<string, unknown>);
    changed(deps, zone);
    return ok(answer(zone));
  });

  app.delete<ZoneRequest>(path, async (request) => {
    const zone = findZone(deps, request);
    const { publicKey: _, ...rest } = zone.dnssec;
    zone.dnssec = { ...rest, status: "disabled", modified_on: new Date().toISOString() };
    changed(deps, zone);
    return ok("");
  });
}

function patched(old: Dnssec, body: Record<string, unknown>): Dnssec {
  const status = body.status ?? old.status;
  if (status !== "active" && status !== "disabled") throw fault(400, 1004, "Invalid DNSSEC status");
  const flags = Object.fromEntries(FLAGS.map((flag) => [flag, body[flag] ?? old[flag]]));
  const publicKey = old.publicKey ?? (status === "active" ? newKey() : undefined);
  return {
    ...old,
    ...flags,
    status,
    modified_on: new Date().toISOString(),
    ...(publicKey ? { publicKey } : {}),
  };
}

// The point without its leading 04 (RFC 6605, section 4).
function newKey(): string {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return publicKey.export({ type: "spki", format: "der" }).subarray(-64).toString("base64");
}

function answer({ name, dnssec }: Zone): object {
  const { publicKey, ...state } = dnssec;
  return { ...state, ...(publicKey ? keyAnswer(name, publicKey) : noKey()) };
}

function noKey(): object {
  const keys = [
    "flags",
    "algorithm",
    "key_type",
    "digest_type",
    "digest_algorithm",
    "digest",
    "ds",
    "key_tag",
    "public_key",
  ];
  return Object.fromEntries(keys.map((key) => [key, null]));
}

function keyAnswer(zone: string, publicKey: string): object {
  const rdata = Buffer.concat([
    Buffer.from([KSK >> 8, KSK & 0xff, 3, ECDSA_P256_SHA256]),
    Buffer.from(publicKey, "base64"),
  ]);
  const digest = createHash("sha256").update(wireName(zone)).update(rdata).digest("hex").toUpperCase();
  const key_tag = keyTag(rdata);
  return {
    flags: KSK,
    algorithm: String(ECDSA_P256_SHA256),
    key_type: "ECDSAP256SHA256",
    digest_type: String(SHA256),
    digest_algorithm: "SHA256",
    digest,
    ds: `${zone}. 3600 IN DS ${key_tag} ${ECDSA_P256_SHA256} ${SHA256} ${digest}`,
    key_tag,
    public_key: publicKey,
  };
}

function wireName(name: string): Buffer {
  const labels = name
    .split(".")
    .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}

// RFC 4034, appendix B.
function keyTag(rdata: Buffer): number {
  const sum = rdata.reduce((total, byte, i) => total + (i % 2 === 0 ? byte << 8 : byte), 0);
  return (sum + ((sum >> 16) & 0xffff)) & 0xffff;
}
