import { z } from "zod";
import type { CloudflareApi } from "../cloudflare";
import { listLabelled, type HetznerApi } from "../hetzner";

const serverSchema = z.object({
  server: z.object({
    id: z.number(),
    name: z.string(),
    status: z.string(),
    server_type: z.object({ name: z.string() }),
    location: z.object({ name: z.string() }).optional(),
    image: z.object({ name: z.string().nullable() }).nullable(),
    public_net: z.object({
      ipv4: z.object({ ip: z.string() }).nullable(),
      firewalls: z.array(z.object({ id: z.number(), status: z.string() })),
    }),
  }),
});

const firewallSchema = z.object({
  firewall: z.object({
    id: z.number(),
    name: z.string(),
    rules: z.array(
      z.object({
        direction: z.string(),
        protocol: z.string(),
        port: z.string().nullish(),
        source_ips: z.array(z.string()),
      }),
    ),
  }),
});

const recordsSchema = z.array(
  z.object({ name: z.string(), type: z.string(), content: z.string(), proxied: z.boolean().optional() }),
);

export type ServerFacts = z.infer<typeof serverSchema>["server"];
export type FirewallFacts = readonly z.infer<typeof firewallSchema>["firewall"][];
export type SshKeyFacts = readonly { readonly name: string; readonly publicKey: string }[];
export interface ZoneFacts {
  readonly records: z.infer<typeof recordsSchema>;
  /** The zone's SSL mode: `off`, `flexible`, `full`, `strict`. */
  readonly ssl: string;
  /** `on` or `off`. */
  readonly alwaysUseHttps: string;
  /** `1.0` to `1.3`. */
  readonly minTlsVersion: string;
}

export async function serverFacts(api: HetznerApi, id: string): Promise<ServerFacts> {
  return serverSchema.parse(await api.get(`/servers/${id}`)).server;
}

/** The firewalls that the API says are on the server. */
export async function firewallFacts(api: HetznerApi, server: ServerFacts): Promise<FirewallFacts> {
  const ids = server.public_net.firewalls.map(({ id }) => id);
  return Promise.all(ids.map(async (id) => firewallSchema.parse(await api.get(`/firewalls/${id}`)).firewall));
}

export async function sshKeyFacts(api: HetznerApi, selector: string): Promise<SshKeyFacts> {
  const keys = await listLabelled(api, "ssh_keys", selector);
  return keys.map((key) => ({ name: key.name, publicKey: key.public_key ?? "" }));
}

export async function zoneFacts(api: CloudflareApi, zoneId: string): Promise<ZoneFacts> {
  const setting = async (id: string): Promise<string> =>
    z.object({ value: z.string() }).parse(await api.get(`/zones/${zoneId}/settings/${id}`)).value;
  const [records, ssl, alwaysUseHttps, minTlsVersion] = await Promise.all([
    api.get(`/zones/${zoneId}/dns_records?per_page=100`),
    setting("ssl"),
    setting("always_use_https"),
    setting("min_tls_version"),
  ]);
  return { records: recordsSchema.parse(records), ssl, alwaysUseHttps, minTlsVersion };
}
