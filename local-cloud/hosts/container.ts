import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import { docker } from "../docker";
import { imageTag } from "../images/images";
import type { CloudSettings } from "../settings";
import { capabilityOptions } from "./capabilities";
import type { HostSpec } from "./hosts";
import { seedFiles } from "./seed";

/** Disks beside the container's own: overlayfs doesn't stack, so a nested Docker gets real ones. */
const DISKS: Readonly<Record<string, string>> = {
  docker: "/var/lib/docker",
  containerd: "/var/lib/containerd",
};

/** The container of a server. */
export function containerName(settings: CloudSettings, id: number): string {
  return `${settings.prefix}-srv-${id}`;
}

export function diskNames(settings: CloudSettings, id: number): string[] {
  return Object.keys(DISKS).map((disk) => `${containerName(settings, id)}-${disk}`);
}

/** Options for a server type's size, as far as this machine has the cores. */
export function sizeOptions(cores: number, memory: number): string[] {
  return [`--cpus=${Math.min(cores, cpus().length)}`, `--memory=${memory}g`, "--memory-swap=-1"];
}

function createArguments(settings: CloudSettings, spec: HostSpec): string[] {
  const name = containerName(settings, spec.id);
  const network = spec.address
    ? [`--network=${settings.prefix}`, `--ip=${spec.address}`]
    : ["--network=none"];
  const open = ["seccomp", "apparmor", "systempaths"].map((one) => `--security-opt=${one}=unconfined`);
  const tmpfs = ["/run:exec,mode=755", "/run/lock", "/tmp:exec"].map((one) => `--tmpfs=${one}`);
  const disks = Object.entries(DISKS).map(([disk, path]) => `--volume=${name}-${disk}:${path}`);
  return [
    ...["create", `--name=${name}`, `--hostname=${spec.hostname}`, ...network],
    ...[...capabilityOptions(), ...open, "--cgroupns=private", "--stop-signal=SIGRTMIN+3"],
    ...[...tmpfs, ...disks, ...sizeOptions(spec.cores, spec.memory)],
    ...[`--label=homeport.cloud=${settings.name}`, `--label=homeport.server=${spec.id}`],
    spec.snapshot ?? imageTag("host"),
  ];
}

function localCa(settings: CloudSettings): string | null {
  try {
    return readFileSync(join(settings.stateDir, "ca", "ca.crt"), "utf8");
  } catch {
    return null; // a cloud without its own CA
  }
}

async function archive(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const tar = pack();
  for (const [name, text] of Object.entries(files)) {
    tar.entry({ name, mode: name.endsWith("user-data") ? 0o600 : 0o644 }, text);
  }
  tar.finalize();
  return buffer(tar);
}

/** A container that waits for its first boot, its seed in place. */
export async function createContainer(settings: CloudSettings, spec: HostSpec): Promise<void> {
  await docker(createArguments(settings, spec));
  const input = await archive(seedFiles(spec, settings.dns, localCa(settings)));
  await docker(["cp", "-", `${containerName(settings, spec.id)}:/`], { input });
}
