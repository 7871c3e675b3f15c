/** Marks what no one but its holder may read; each secret of the mocked providers holds it with its name. */
export const CANARY = "canary";

export function canary(name: string): string {
  return `${CANARY}-${name}-0f1e2d3c`;
}

/** What the mocked providers answer beside the inputs, by resource type. */
export const ANSWERS: Readonly<Record<string, (name: string) => Record<string, unknown>>> = {
  "hcloud:index/primaryIp:PrimaryIp": () => ({ ipAddress: "192.0.2.10" }),
  "tls:index/privateKey:PrivateKey": (name) => ({
    privateKeyPem: `-----BEGIN EC PRIVATE KEY-----\n${canary(name)}\n-----END EC PRIVATE KEY-----\n`,
    privateKeyOpenssh: canary(`${name}-openssh`),
    privateKeyPemPkcs8: canary(`${name}-pkcs8`),
    publicKeyOpenssh: "ecdsa-sha2-nistp256 AAAA\n",
    publicKeyFingerprintMd5: "00:11:22",
  }),
  "tls:index/certRequest:CertRequest": () => ({ certRequestPem: "CSR" }),
  "cloudflare:index/originCaCertificate:OriginCaCertificate": () => ({ certificate: "CERTIFICATE" }),
  "cloudflare:index/turnstileWidget:TurnstileWidget": (name) => ({ secret: canary(name), sitekey: "0xSITE" }),
  // 64 characters: longer than what is asked for, as bytes in hex may be
  "random:index/randomBytes:RandomBytes": (name) => ({ hex: canary(name).padEnd(64, "0") }),
  "random:index/randomPassword:RandomPassword": (name) => ({ result: canary(name) }),
  "random:index/randomId:RandomId": () => ({ hex: "0123456789ab" }),
  "docker:index/container:Container": (name) => ({ name: `${name}-1a2b3c4` }),
  "docker:index/remoteImage:RemoteImage": (name) => ({ imageId: `sha256:${name}` }),
};

/** What the mocked provider functions answer, by token. */
export const INVOKES: Readonly<Record<string, Record<string, unknown>>> = {
  "cloudflare:index/getZone:getZone": { zoneId: "zone-1", id: "zone-1", account: { id: "account-1" } },
  "cloudflare:index/getRulesets:getRulesets": { rulesets: [] },
  "cloudflare:index/getZoneSetting:getZoneSetting": { value: "full" },
  "cloudflare:index/getDnsRecords:getDnsRecords": { results: [] },
  "cloudflare:index/getIpRanges:getIpRanges": {
    ipv4Cidrs: ["198.51.100.0/24"],
    ipv6Cidrs: ["2001:db8:cf::/48"],
  },
};
