import { CliError, failed } from "../cli-error";
import { hetznerApi, type HetznerApi } from "../hetzner";
import type { PulumiStack, StackConfig } from "../pulumi";
import { nameOf, resourcesOf, type StateResource } from "../stack-state";

/** What a new server needs anew: it stands on this key, and everything on the host stands on it. */
const BOOTSTRAP_KEY = "identity-bootstrap";
const ADDRESS = "server-ipv4";
const SERVER = "hcloud:index/server:Server";
const PRIMARY_IP = "hcloud:index/primaryIp:PrimaryIp";

/** True while the state knows a server. */
export async function hasServer(stack: PulumiStack): Promise<boolean> {
  return resourcesOf(await stack.export()).some(({ type }) => type === SERVER);
}

/**
 * Takes the server away with everything that stands on it; address, firewall, secrets and state stay. Works with a host
 * that is dead: nothing is asked of it. Says through `note` where it lifts a protection.
 */
export async function takeServerAway(
  stack: PulumiStack,
  config: StackConfig,
  note: (text: string) => void,
): Promise<void> {
  await takeAway(stack, config, BOOTSTRAP_KEY, SERVER, note);
}

/** Takes the address away too: it cannot follow to another location. */
export async function takeAddressAway(
  stack: PulumiStack,
  config: StackConfig,
  note: (text: string) => void,
): Promise<void> {
  await takeAway(stack, config, ADDRESS, PRIMARY_IP, note);
}

async function takeAway(
  stack: PulumiStack,
  config: StackConfig,
  target: string,
  protectedType: string,
  note: (text: string) => void,
): Promise<void> {
  const resources = resourcesOf(await stack.export());
  const root = resources.find(({ urn }) => nameOf(urn) === target);
  if (root === undefined) return; // an earlier run got as far as this
  const api = hetznerApi(config);
  for (const resource of resources.filter(({ type }) => type === protectedType)) {
    if (await liftProtection(stack, api, resource)) note(`lifted the protection of ${nameOf(resource.urn)}`);
  }
  const code = await stack.destroyWithDependents(root.urn);
  if (code !== 0)
    throw failed(`pulumi destroy: exit code ${code}, see above; fix: run homeport recover again`);
}

/** At Hetzner and in the state; the program's next run protects what it makes. True when there was any. */
async function liftProtection(
  stack: PulumiStack,
  api: HetznerApi,
  { urn, type, id, protect, outputs }: StateResource,
): Promise<boolean> {
  const isHeld = outputs?.deleteProtection === true;
  if (isHeld) {
    const body = type === SERVER ? { delete: false, rebuild: false } : { delete: false };
    const kind = type === SERVER ? "servers" : "primary_ips";
    await api.act(`/${kind}/${id ?? ""}/actions/change_protection`, body).catch(unlessGone);
  }
  if (protect === true) await stack.unprotect(urn);
  return isHeld || protect === true;
}

function unlessGone(error: unknown): void {
  if (error instanceof CliError && error.message.includes("not_found")) return;
  throw error;
}
