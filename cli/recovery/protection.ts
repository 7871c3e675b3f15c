import { CliError } from "../cli-error";
import type { HetznerApi } from "../hetzner";
import type { PulumiStack } from "../pulumi";
import { nameOf, type StateResource } from "../stack-state";

export const SERVER = "hcloud:index/server:Server";
export const PRIMARY_IP = "hcloud:index/primaryIp:PrimaryIp";
/** Stands on everything, so that a protected stack is destroyed as a whole or not at all. */
const WHOLE = "protection-whole";

/** Lets Hetzner delete it. Nothing is asked of a host. */
export async function liftAtHetzner(
  api: HetznerApi,
  kind: "servers" | "primary_ips",
  id: string,
): Promise<void> {
  const body = kind === "servers" ? { delete: false, rebuild: false } : { delete: false };
  await api.act(`/${kind}/${id}/actions/change_protection`, body).catch(unlessGone);
}

/** True for what stands in the way of taking every resource of `typeToTake` away with all that stands on it. */
export function isInTheWay({ urn, type }: StateResource, typeToTake: string): boolean {
  return type === typeToTake || nameOf(urn) === WHOLE;
}

/**
 * Lifts the protection of a resource in the state, and of a server or an address at Hetzner; the program's next run
 * protects what it makes. True when there was any.
 */
export async function liftProtection(
  stack: PulumiStack,
  api: HetznerApi,
  { urn, type, id, protect, outputs }: StateResource,
): Promise<boolean> {
  const isHeld = outputs?.deleteProtection === true;
  if (isHeld) await liftAtHetzner(api, type === SERVER ? "servers" : "primary_ips", id ?? "");
  if (protect === true) await stack.unprotect(urn);
  return isHeld || protect === true;
}

function unlessGone(error: unknown): void {
  if (error instanceof CliError && error.message.includes("not_found")) return;
  throw error;
}
