import { cloudflare, hetzner } from "./cloud";

/** What somebody can do by hand in Cloudflare's and Hetzner's consoles. */

/** Changes a setting of a zone. */
export async function setZoneSetting(zoneId: string, setting: string, value: string): Promise<void> {
  const init = { method: "PATCH", body: JSON.stringify({ value }) };
  await cloudflare(`/zones/${zoneId}/settings/${setting}`, init);
}

/** Changes the address record of a name. */
export async function changeRecord(
  zoneId: string,
  name: string,
  change: Record<string, unknown>,
): Promise<void> {
  const zone = `/zones/${zoneId}`;
  const { result } = await cloudflare<{ result: { id: string; name: string; type: string }[] }>(
    `${zone}/dns_records`,
  );
  const record = result.find((each) => each.name === name && ["A", "AAAA", "CNAME"].includes(each.type));
  const init = { method: "PATCH", body: JSON.stringify(change) };
  await cloudflare(`${zone}/dns_records/${record?.id}`, init);
}

/** A rule of Hetzner's firewall. */
export interface Rule {
  readonly direction: string;
  readonly protocol: string;
  readonly port?: string | null;
}

/** Leaves those rules of a system's firewall that `keep` wants, and adds some. */
export async function changeRules(
  system: string,
  keep: (rule: Rule) => boolean,
  more: readonly Rule[] = [],
): Promise<void> {
  const path = `/firewalls?label_selector=${encodeURIComponent(`system=${system}`)}`;
  const { firewalls } = await hetzner<{ firewalls: { id: number; rules: Rule[] }[] }>(path);
  const rules = firewalls[0]?.rules.filter(keep).map((rule) => {
    return Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== null));
  });
  const init = { method: "POST", body: JSON.stringify({ rules: [...(rules ?? []), ...more] }) };
  await hetzner(`/firewalls/${firewalls[0]?.id}/actions/set_rules`, init);
}
