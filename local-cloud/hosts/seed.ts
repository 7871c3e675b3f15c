import { gunzipSync } from "node:zlib";
import { stringify } from "yaml";
import type { HostSpec } from "./hosts";

const GZIP = Buffer.from([0x1f, 0x8b]);

/** Base64 undone, as Hetzner's datasource of cloud-init does it: when the whole text is valid base64. */
function decode(text: string): Buffer {
  const packed = text.replace(/\s/g, "");
  const isBase64 = packed.length > 0 && packed.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(packed);
  return Buffer.from(isBase64 ? packed : text, isBase64 ? "base64" : "utf8");
}

/** User data as cloud-init shall read it. */
export function plainUserData(sent: string | null): string {
  if (!sent) return "";
  const bytes = decode(sent);
  return (bytes.subarray(0, 2).equals(GZIP) ? gunzipSync(bytes) : bytes).toString("utf8");
}

/**
 * The files that a new host finds: cloud-init's NoCloud seed, and what `container-init` moves into place because
 * Docker would mount over it. Path in the host → contents.
 */
export function seedFiles(spec: HostSpec, dns: string, caPem: string | null): Record<string, string> {
  const seed = "var/lib/cloud/seed/nocloud";
  const metaData = {
    "instance-id": `i-${spec.id}`,
    "local-hostname": spec.hostname,
    "public-keys": spec.publicKeys,
  };
  const [short] = spec.hostname.split(".");
  const names = short === spec.hostname ? spec.hostname : `${spec.hostname} ${short}`;
  return {
    [`${seed}/meta-data`]: stringify(metaData, { lineWidth: 0 }),
    [`${seed}/user-data`]: plainUserData(spec.userData),
    // eth0 is Docker's: cloud-init must not write it
    [`${seed}/network-config`]: "version: 1\nconfig: disabled\n",
    "etc/hostname.seed": `${spec.hostname}\n`,
    "etc/hosts.seed": `127.0.0.1 localhost\n127.0.1.1 ${names}\n::1 localhost ip6-localhost ip6-loopback\n`,
    // not 127.0.0.11: containers inside the host can't reach Docker's resolver of the outer network
    "etc/resolv.conf.seed": `nameserver ${dns}\n`,
    ...(caPem === null ? {} : { "etc/ca.seed": caPem }),
  };
}
