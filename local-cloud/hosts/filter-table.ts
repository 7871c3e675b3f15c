import { docker, run } from "../docker";
import { imageTag } from "../images/images";
import { renderFirewall, tableName, type FirewallPlace, type HostFirewall } from "./firewall";
import type { CloudSettings } from "../settings";

const SWITCH = "/proc/sys/net/bridge/bridge-nf-call-iptables";
// without it packets between containers of one bridge pass no filter at all
const BRIDGE_FILTER = `[ "$(cat ${SWITCH} 2>/dev/null)" = 1 ] || { modprobe br_netfilter 2>/dev/null || true; echo 1 >${SWITCH}; }`;
const SCRIPT = `set -e; ${BRIDGE_FILTER}; exec nft -f -`;

let direct: Promise<boolean> | undefined;

/** Whether this process may change the machine's filters itself. */
function canFilter(): Promise<boolean> {
  direct ??= run("sh", ["-c", "[ $(id -u) = 0 ] && nft list tables"]).then(
    () => true,
    () => false,
  );
  return direct;
}

async function load(script: string): Promise<void> {
  if (await canFilter()) {
    await run("sh", ["-c", SCRIPT], { input: script });
    return;
  }
  const options = [
    "--rm",
    "-i",
    "--network=host",
    "--cap-add=NET_ADMIN",
    "--security-opt=systempaths=unconfined",
  ];
  await docker(["run", ...options, "--entrypoint=sh", imageTag("services"), "-c", SCRIPT], { input: script });
}

/** Replaces the cloud's table in one transaction. */
export async function applyFilters(settings: CloudSettings, hosts: readonly HostFirewall[]): Promise<void> {
  const place: FirewallPlace = {
    table: tableName(settings.name),
    bridge: settings.bridge,
    hosts: settings.hosts,
  };
  await load(renderFirewall(place, hosts));
}

/** Removes the cloud's table; nothing happens when there is none. */
export async function removeFilters(settings: CloudSettings): Promise<void> {
  const table = `inet ${tableName(settings.name)}`;
  await load(`add table ${table}\ndelete table ${table}\n`);
}
