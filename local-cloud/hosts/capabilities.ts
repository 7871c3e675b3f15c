import { existsSync, readFileSync } from "node:fs";

/** Capabilities by their bit in `/proc/PID/status`, as far as a daemon in a container may lack them. */
const BITS: Readonly<Record<string, number>> = { SYS_RESOURCE: 24, SYS_PTRACE: 19, SYS_ADMIN: 21, MKNOD: 27 };

/** Bounding set of the Docker daemon, or of this process when the daemon runs elsewhere. */
function boundingSet(): bigint {
  const pidFile = "/var/run/docker.pid";
  const pid = existsSync(pidFile) ? readFileSync(pidFile, "utf8").trim() : "self";
  const status = existsSync(`/proc/${pid}/status`) ? `/proc/${pid}/status` : "/proc/self/status";
  const [, hex = "0"] = /^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync(status, "utf8")) ?? [];
  return BigInt(`0x${hex}`);
}

/**
 * Options that give a container what systemd and a nested Docker need, instead of `--privileged`: Docker refuses
 * that, and `--cap-add ALL`, where the daemon itself lacks a capability. The machine's clock and kernel modules
 * are not a host's to change.
 */
export function capabilityOptions(bounding = boundingSet()): string[] {
  const missing = Object.entries(BITS).filter(([, bit]) => ((bounding >> BigInt(bit)) & 1n) === 0n);
  const dropped = ["SYS_TIME", "SYS_MODULE", ...missing.map(([name]) => name)];
  return ["--cap-add=ALL", ...dropped.map((name) => `--cap-drop=${name}`)];
}
