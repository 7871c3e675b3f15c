import Cloudflare from "cloudflare";
import { environment, execute, visitor } from "./cloud";
import type { Project } from "./project";

/** Makes the stack's monitor whose name ends so ask anew now: with another interval, in seconds. */
export async function lookAnew(project: Project, monitor: string, interval: number): Promise<void> {
  const zone_id = (await project.must("pulumi", "stack", "output", "zoneId")).stdout.trim();
  const client = await cloudflareClient();
  const monitors = await client.healthchecks.list({ zone_id });
  const found = monitors.result.find(({ name }) => name?.endsWith(monitor));
  const {
    id = "",
    address = "",
    name = "",
    description = "",
    type = "HTTPS",
    http_config = null,
  } = found ?? {};
  const rest = { address, name, description, type, http_config };
  await client.healthchecks.edit(id, { zone_id, ...rest, interval });
}

/** What somebody may do in Cloudflare's dashboard: the admin rule is off, Turnstile's secret another. */
export async function changeAtCloudflare(project: Project): Promise<void> {
  const zone_id = (await project.must("pulumi", "stack", "output", "zoneId")).stdout.trim();
  const client = await cloudflareClient();
  const account_id = (await client.zones.get({ zone_id })).account.id ?? "";
  const { id, rules } = await client.rulesets.phases.get("http_request_firewall_custom", { zone_id });
  const admin = rules.find(({ action }) => action === "block");
  await client.rulesets.rules.delete(admin?.id ?? "", { ruleset_id: id, zone_id });
  const widgets = await client.turnstile.widgets.list({ account_id });
  const own = widgets.result.find(({ name }) => name.startsWith(`${project.name}-`));
  await client.turnstile.widgets.rotateSecret(own?.sitekey ?? "", {
    account_id,
    invalidate_immediately: true,
  });
}

async function cloudflareClient(): Promise<Cloudflare> {
  const env = await environment();
  return new Cloudflare({ apiToken: env.CLOUDFLARE_API_TOKEN ?? "", baseURL: env.CLOUDFLARE_BASE_URL ?? "" });
}

/** What a visitor is answered, and by whom. */
export async function status(url: string): Promise<string> {
  const { stdout } = await visitor("curl", "-sS", "-m", "20", "-o", "/dev/null", "-D", "-", url);
  return `${/^HTTP\/\S+ (\d+)/.exec(stdout)?.[1]} ${/^server: (\S+)/im.exec(stdout)?.[1]}`;
}

/** What another client is answered, an administrator's: this machine has an address of its own. */
export async function statusFromOffice(url: string): Promise<string> {
  const env = await environment();
  const to = [
    "--connect-to",
    `${new URL(url).host}:443:${env.HOMEPORT_EDGE}:443`,
    "--cacert",
    env.HOMEPORT_CA ?? "",
  ];
  return (
    await execute("curl", ["-sS", "-m", "20", "-o", "/dev/null", "-w", "%{http_code}", ...to, url], env)
  ).stdout;
}
