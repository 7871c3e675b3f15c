import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import type { ProviderConfig } from "./inputs";

export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
  readonly serveraddress: string;
}

/** Logins by the registry's host name, as the provider's `registryAuth` gives them. */
export type Logins = ReadonlyMap<string, RegistryLogin>;

const HUB = ["registry-1.docker.io", "index.docker.io", "docker.io", "registry.hub.docker.com"];

export function loginsOf(entries: NonNullable<ProviderConfig["registryAuth"]>): Logins {
  return new Map(
    entries.map((entry) => {
      const serveraddress = serverAddress(entry.address);
      const host = hostName(serveraddress);
      return [host, { serveraddress, ...credentials(entry, host) }];
    }),
  );
}

function credentials(
  entry: NonNullable<ProviderConfig["registryAuth"]>[number],
  host: string,
): { username: string; password: string } {
  // any name does where a registry asks for none
  if (entry.authDisabled) return { username: "username", password: "password" };
  const username = entry.username || process.env["DOCKER_REGISTRY_USER"];
  if (username) return { username, password: entry.password || process.env["DOCKER_REGISTRY_PASS"] || "" };
  if (entry.configFileContent) return fromConfigFile(entry.configFileContent, host);
  const path = entry.configFile || "~/.docker/config.json";
  try {
    return fromConfigFile(readFileSync(path.replace(/^~\//, `${homedir()}/`), "utf8"), host);
  } catch (error) {
    throw new Error(
      `Error loading registry auth config: could not open config file from filePath: ${path}. Error: ` +
        (error instanceof Error ? error.message : String(error)),
    );
  }
}

function fromConfigFile(text: string, host: string): { username: string; password: string } {
  const { auths = {} } = JSON.parse(text) as { auths?: Record<string, { auth?: string }> };
  const found = Object.entries(auths).find(([address]) => hostName(address) === host)?.[1].auth;
  if (found === undefined) throw new Error(`couldn't find registry config for '${host}' in file content`);
  const [username = "", ...password] = Buffer.from(found, "base64").toString().split(":");
  return { username, password: password.join(":") };
}

/** `https://HOST`, or `http://HOST` where the address says so. */
export function serverAddress(address: string): string {
  return `${address.startsWith("http://") ? "http" : "https"}://${hostName(address)}`;
}

function hostName(address: string): string {
  return address.replace(/^https?:\/\//, "").split("/")[0] ?? address;
}

export interface ImageParts {
  /** Host of the registry; Docker Hub's is `registry-1.docker.io`. */
  readonly registry: string;
  readonly repository: string;
  /** A tag or, going before it, a digest. */
  readonly tag: string;
}

/** The parts of an image's name, `[registry/]repository[:tag][@digest]`. */
export function imageParts(name: string): ImageParts {
  const first = name.slice(0, Math.max(0, name.indexOf("/")));
  const hasRegistry = name.split("/").length > 2 || /[.:]/.test(first) || first === "localhost";
  const rest = hasRegistry ? name.slice(first.length + 1) : name;
  const [, repository = "", named, digest] = /^([^:@]*)(?::([^@]*))?(?:@(.*))?$/.exec(rest) ?? [];
  const parts = { repository, tag: digest || named || "latest" };
  if (hasRegistry) return { registry: first, ...parts };
  const hub = repository.includes("/") ? repository : `library/${repository}`;
  return { registry: "registry-1.docker.io", repository: hub, tag: parts.tag };
}

/** The login for a registry; Docker Hub's is found under any of its names. */
export function loginFor(registry: string, logins: Logins): RegistryLogin | undefined {
  const names = HUB.includes(registry) ? [registry, ...HUB] : [registry];
  return names.map((name) => logins.get(name)).find((login) => login !== undefined);
}
