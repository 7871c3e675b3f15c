import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { ensureCa, type Ca } from "../ca";
import { docker } from "../docker";
import { imageTag } from "../images/images";
import type { CloudSettings } from "../settings";
import type { Service } from "./containers";
import { keepFile, keptCertificate, readKept } from "./kept-files";
import { cloudLabel } from "./network";

export type RegistryName = "docker.io" | "ghcr.io";

/** The one account at ghcr.io. */
export interface RegistryLogin {
  readonly user: string;
  readonly token: string;
}

/** Names that each registry answers to, with the certificate for all of them. */
const NAMES: Readonly<Record<RegistryName, readonly string[]>> = {
  "docker.io": ["registry-1.docker.io", "docker.io", "index.docker.io"],
  "ghcr.io": ["ghcr.io"],
};

/** The addresses of the registries' names, for DNS. */
export function registryNames(settings: CloudSettings): Record<string, string> {
  const rows = (registry: RegistryName): [string, string][] =>
    NAMES[registry].map((name) => [name, addressOf(settings, registry)]);
  return Object.fromEntries([...rows("docker.io"), ...rows("ghcr.io")]);
}

function addressOf(settings: CloudSettings, registry: RegistryName): string {
  return registry === "docker.io" ? settings.dockerIo : settings.ghcrIo;
}

/** Folder of a registry's configuration, mounted into its container. */
function folderOf(settings: CloudSettings, registry: RegistryName): string {
  return join(settings.stateDir, "registries", registry);
}

/** Account data and where `docker login` keeps its own: never in the user's files. */
export function loginFile(settings: CloudSettings): string {
  return join(settings.stateDir, "registries", "login.json");
}

/**
 * The two registries. docker.io: TLS without a login, and a plain mirror on port 80 (`registry-mirrors`). ghcr.io:
 * TLS with a login for everything. Images are in volumes that outlive the containers.
 */
export async function registries(settings: CloudSettings, login: RegistryLogin): Promise<Service[]> {
  const ca = await ensureCa(join(settings.stateDir, "ca"), "ca", "Homeport local CA");
  const mirror = { "http.yml": config(":80", "") };
  return Promise.all([
    registry(settings, ca, "docker.io", mirror),
    registry(settings, ca, "ghcr.io", await account(settings, login)),
  ]);
}

async function registry(
  settings: CloudSettings,
  ca: Ca,
  name: RegistryName,
  more: Readonly<Record<string, string>>,
): Promise<Service> {
  const folder = folderOf(settings, name);
  const auth = "htpasswd" in more ? `auth: {htpasswd: {realm: ${name}, path: /etc/registry/htpasswd}}\n` : "";
  const tls = "  tls: {certificate: /etc/registry/tls.crt, key: /etc/registry/tls.key}\n";
  const files = {
    ...(await keptCertificate(folder, ca, NAMES[name])),
    secret: readKept(join(folder, "secret")) || randomBytes(16).toString("hex"),
    "https.yml": config(":443", tls) + auth,
    ...more,
  };
  for (const [file, text] of Object.entries(files)) keepFile(join(folder, file), text);
  const volume = `type=volume,src=${settings.prefix}-${name},dst=/var/lib/registry,volume-label=${cloudLabel(settings)}`;
  const serve = 'for f in /etc/registry/*.yml; do docker-registry serve "$f" & done; wait';
  return {
    name,
    address: addressOf(settings, name),
    image: "services",
    options: [
      ...["--mount", volume, "--volume", `${folder}:/etc/registry:ro`],
      // 127/8 is where Docker takes a certificate for another name: how this machine pushes
      ...["--publish", "127.0.0.1::443", "--stop-signal", "SIGKILL"],
    ],
    command: ["sh", "-c", `export REGISTRY_HTTP_SECRET="$(cat /etc/registry/secret)"; ${serve}`],
    contents: [createHash("sha256").update(JSON.stringify(files)).digest("hex")],
    port: 443,
  };
}

function config(address: string, tls: string): string {
  const storage = "storage: {filesystem: {rootdirectory: /var/lib/registry}, delete: {enabled: true}}";
  return `version: 0.1\nlog: {level: warn}\n${storage}\nhttp:\n  addr: ${address}\n${tls}`;
}

/** htpasswd's line for the account: made once per user and token, since bcrypt's salt is new each time. */
async function account(settings: CloudSettings, login: RegistryLogin): Promise<{ htpasswd: string }> {
  const file = join(folderOf(settings, "ghcr.io"), "htpasswd");
  if (readKept(file) !== "" && readKept(loginFile(settings)) === JSON.stringify(login))
    return { htpasswd: readKept(file) };
  const hash = [
    "run",
    "--rm",
    "--interactive",
    "--network",
    "none",
    imageTag("services"),
    "htpasswd",
    "-niB",
  ];
  const htpasswd = await docker([...hash, login.user], { input: `${login.token}\n` });
  keepFile(file, htpasswd);
  keepFile(loginFile(settings), JSON.stringify(login)); // last: its presence says that the hash is this token's
  return { htpasswd };
}
