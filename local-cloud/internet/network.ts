import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { docker, run } from "../docker";
import type { CloudSettings } from "../settings";

const BRIDGE_FILTER = "/proc/sys/net/bridge/bridge-nf-call-iptables";

/** The label that everything of a cloud has: containers, volumes, its network. */
export function cloudLabel(settings: Pick<CloudSettings, "name">): string {
  return `homeport.cloud=${settings.name}`;
}

/** Makes the one Docker network, which hosts and services share with fixed addresses. */
export async function upNetwork(settings: CloudSettings): Promise<void> {
  await filterBridges();
  const exists = await docker(["network", "inspect", "--format", "{{.Id}}", settings.prefix]).then(
    () => true,
    () => false,
  );
  if (exists) return;
  const services = settings.gateway.split(".").slice(0, 2).join(".");
  await docker([
    ...["network", "create", "--label", cloudLabel(settings)],
    ...["--subnet", settings.subnet, "--gateway", settings.gateway],
    ...["--ip-range", `${services}.200.0/24`], // for containers that ask for no address
    ...["--opt", `com.docker.network.bridge.name=${settings.bridge}`, settings.prefix],
  ]);
}

/** Takes the network away; what is still connected must be gone. */
export async function downNetwork(settings: CloudSettings): Promise<void> {
  const found = await docker(["network", "ls", "--quiet", "--filter", `label=${cloudLabel(settings)}`]);
  if (found !== "") await docker(["network", "rm", ...found.split("\n")]);
}

/**
 * Has packets between two containers of one bridge pass nftables, which the firewall outside the hosts stands on.
 * Without it they pass each other unseen. A reboot of the machine forgets it.
 */
export async function filterBridges(): Promise<void> {
  if (!existsSync(BRIDGE_FILTER)) await run("modprobe", ["br_netfilter"]);
  if (readFileSync(BRIDGE_FILTER, "utf8").trim() !== "1") writeFileSync(BRIDGE_FILTER, "1");
}
