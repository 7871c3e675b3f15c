import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { execute } from "../toolchain/go";
import { step, type Report } from "../toolchain/progress";

/** A system package, known to be there by a command on PATH or by a file. */
export interface SystemPackage {
  /** Debian's name for it. */
  readonly name: string;
  /** A command's name, or an absolute path. */
  readonly provides: string;
}

/** What the local cloud, the checks and the tests call. */
export const SYSTEM_PACKAGES: readonly SystemPackage[] = [
  { name: "bats", provides: "bats" },
  { name: "ca-certificates", provides: "/etc/ssl/certs/ca-certificates.crt" },
  { name: "curl", provides: "curl" },
  { name: "docker.io", provides: "docker" },
  { name: "git", provides: "git" },
  { name: "graphviz", provides: "dot" },
  { name: "iproute2", provides: "ip" },
  { name: "iptables", provides: "iptables" },
  { name: "jq", provides: "jq" },
  { name: "mmdebstrap", provides: "mmdebstrap" },
  { name: "nftables", provides: "nft" },
  { name: "openssh-client", provides: "ssh" },
  { name: "openssl", provides: "openssl" },
  { name: "procps", provides: "ps" },
  { name: "restic", provides: "restic" },
  { name: "shellcheck", provides: "shellcheck" },
  { name: "shfmt", provides: "shfmt" },
  { name: "util-linux", provides: "flock" },
];

/** Administrators' commands count too: an ordinary user's PATH on Debian lacks their folders. */
const SBIN = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

function searchPath(): string[] {
  return [...(process.env.PATH ?? "").split(delimiter).filter(isAbsolute), ...SBIN];
}

function isThere(provides: string, folders: readonly string[] = searchPath()): boolean {
  if (isAbsolute(provides)) return existsSync(provides);
  return folders.some((folder) => {
    try {
      accessSync(join(folder, provides), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Names of the packages that are not on this machine, looked for in `folders` (default: PATH and the sbin folders). */
export function missingPackages(
  wanted: readonly SystemPackage[] = SYSTEM_PACKAGES,
  folders: readonly string[] = searchPath(),
): string[] {
  return wanted
    .filter(({ provides }) => !isThere(provides, folders) || lacksEngine(provides, folders))
    .map(({ name }) => name);
}

/** A `docker` command alone, as some machines have it, is no engine: one must be installed, or answer from elsewhere. */
function lacksEngine(provides: string, folders: readonly string[]): boolean {
  if (provides !== "docker" || isThere("dockerd", folders)) return false;
  const docker = folders.map((folder) => join(folder, "docker")).find((file) => existsSync(file));
  return spawnSync(docker ?? "docker", ["info"], { stdio: "ignore", timeout: 10_000 }).status !== 0;
}

/** What to tell somebody whose system we may not, or cannot, install packages on. */
export function packagesFault(
  missing: readonly string[],
  system: { apt: boolean; root: boolean },
): string | undefined {
  if (missing.length === 0 || (system.apt && system.root)) return undefined;
  const names = missing.join(" ");
  const fix = system.apt
    ? `sudo apt-get update && sudo apt-get install --yes --no-install-recommends ${names}`
    : `install them with this system's package manager (the names are Debian's)`;
  return `system packages: must be installed, missing ${names}; fix: ${fix}`;
}

/**
 * Installs the system packages that are missing, on Debian and its relatives as root. Elsewhere fails and names
 * what to run. Instant when nothing is missing.
 */
export async function ensurePackages(
  report: Report,
  wanted: readonly SystemPackage[] = SYSTEM_PACKAGES,
): Promise<void> {
  const missing = missingPackages(wanted);
  if (missing.length === 0) return;
  const fault = packagesFault(missing, { apt: isThere("apt-get"), root: process.getuid?.() === 0 });
  if (fault) throw new Error(fault);
  const options = { cwd: "/", env: { DEBIAN_FRONTEND: "noninteractive" } };
  // Packages that are installed by somebody else just now hold dpkg's lock.
  const apt = (...args: string[]): Promise<void> =>
    execute("apt-get", ["-o", "DPkg::Lock::Timeout=300", ...args], options);
  await step(report, `installing the system packages ${missing.join(" ")}`, async (doing) => {
    doing("finishing what an interrupted installation left");
    await execute("dpkg", ["--configure", "--pending"], options);
    doing("apt-get update");
    await apt("update");
    doing("apt-get install");
    await apt("install", "--yes", "--no-install-recommends", ...missing);
  });
  const still = missingPackages(wanted);
  if (still.length > 0)
    throw new Error(`system packages: must be on PATH once installed, missing ${still.join(" ")}`);
}
