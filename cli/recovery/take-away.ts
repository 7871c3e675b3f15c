import { failed } from "../cli-error";
import { hetznerApi } from "../hetzner";
import type { PulumiStack, StackConfig } from "../pulumi";
import { nameOf, resourcesOf, type StackExport } from "../stack-state";
import { isInTheWay, liftProtection, PRIMARY_IP, SERVER } from "./protection";

/** What a new server needs anew: it stands on this key, and everything on the host stands on it. */
const BOOTSTRAP_KEY = "identity-bootstrap";
const ADDRESS = "server-ipv4";

/** True while the state knows a server. */
export function knowsServer(state: StackExport): boolean {
  return resourcesOf(state).some(({ type }) => type === SERVER);
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
  const lifted: string[] = [];
  for (const resource of resources.filter((each) => isInTheWay(each, protectedType))) {
    if (await liftProtection(stack, api, resource)) lifted.push(nameOf(resource.urn));
  }
  if (lifted.length > 0) note(`lifted the protection of ${lifted.join(", ")}`); // a second note replaces the first
  const code = await stack.destroyWithDependents(root.urn);
  if (code !== 0)
    throw failed(`pulumi destroy: exit code ${code}, see above; fix: run homeport recover again`);
}
