import { readdirSync, readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { homedir } from "node:os";
import { join } from "node:path";
import type Docker from "dockerode";
import type { ProviderConfig } from "./inputs";
import { CommandStream, sshArguments } from "./ssh-stream";

/** Kept and opened at once; sshd refuses more than ten unfinished logins (MaxStartups). */
const CONNECTIONS = { keepAlive: true, maxSockets: 8, maxFreeSockets: 8 };
/** The newest API that the published plugin's client (docker 28.5) speaks. */
const NEWEST_API = "1.51";

export interface Daemon {
  readonly docker: Docker;
  /** The API version both sides speak, asked for when first needed. */
  apiVersion(): Promise<string>;
}

/** Connects when first asked, once. */
export class DaemonConnection {
  #daemon: Promise<Daemon> | undefined;

  constructor(private readonly config: ProviderConfig) {}

  get(): Promise<Daemon> {
    // a failed attempt is not kept: the daemon may answer the next resource
    this.#daemon ??= connect(this.config).catch((error: unknown) => {
      this.#daemon = undefined;
      throw error;
    });
    return this.#daemon;
  }
}

/** With `disableDockerDaemonCheck` a silent daemon passes here; each call then fails by itself. */
async function connect(config: ProviderConfig): Promise<Daemon> {
  const host = hostOf(config);
  const options = optionsOf(host, config);
  const { default: Client } = await import("dockerode"); // slow to load, and most runs only compare
  const docker = new Client(options);
  let version: string | undefined;
  const apiVersion = async (): Promise<string> =>
    (version ??= older((await docker.version()).ApiVersion, NEWEST_API));
  if (config.disableDockerDaemonCheck) return { docker, apiVersion };
  await docker.ping().catch((error: unknown) => {
    throw new Error(
      `failed to create Docker client: Error pinging Docker server, please make sure that ${host} is reachable ` +
        `and has a  '_ping' endpoint. Error: ${reason(error)}`,
    );
  });
  return { docker, apiVersion };
}

function older(a: string, b: string): string {
  return a.localeCompare(b, "en", { numeric: true }) <= 0 ? a : b;
}

/** The daemon's address: a named context goes before `host`, that before the environment. */
export function hostOf(config: ProviderConfig): string {
  const context = config.context || process.env["DOCKER_CONTEXT"];
  if (context) return contextHost(context);
  return config.host || process.env["DOCKER_HOST"] || "unix:///var/run/docker.sock";
}

function contextHost(name: string): string {
  const folder = join(homedir(), ".docker/contexts/meta");
  for (const entry of readdirSync(folder)) {
    const meta = JSON.parse(readFileSync(join(folder, entry, "meta.json"), "utf8")) as {
      Name?: string;
      Endpoints?: { docker?: { Host?: string } };
    };
    if (meta.Name === name && meta.Endpoints?.docker?.Host) return meta.Endpoints.docker.Host;
  }
  throw new Error(`Error loading Docker context '${name}': context '${name}' not found`);
}

/** dockerode's options; always complete, so that nothing of DOCKER_HOST slips in behind `host`. */
function optionsOf(host: string, config: ProviderConfig): Docker.DockerOptions {
  if (host.startsWith("unix://")) {
    return {
      socketPath: host.slice("unix://".length),
      host: undefined,
      agent: new http.Agent(CONNECTIONS),
    } as Docker.DockerOptions;
  }
  if (host.startsWith("ssh://")) return sshOptions(host, config);
  const url = new URL(host.replace(/^tcp:/, "http:"));
  const tls = tlsOf(config);
  const agent = tls ? new https.Agent({ ...CONNECTIONS, ...tls }) : new http.Agent(CONNECTIONS);
  const protocol = tls || url.protocol === "https:" ? "https" : "http";
  return {
    host: url.hostname,
    port: url.port || (tls ? 2376 : 2375),
    protocol,
    agent,
  } as Docker.DockerOptions;
}

function sshOptions(host: string, config: ProviderConfig): Docker.DockerOptions {
  const environment = process.env["DOCKER_SSH_OPTS"]?.split(/\s+/).filter((word) => word !== "");
  const args = sshArguments(host, config.sshOpts ?? environment ?? []);
  const agent = new http.Agent(CONNECTIONS);
  Object.assign(agent, { createConnection: () => new CommandStream("ssh", args) });
  return { host: "docker.example.com", port: 80, protocol: "http", agent } as Docker.DockerOptions;
}

function tlsOf(config: ProviderConfig): https.AgentOptions | undefined {
  const { caMaterial: ca, certMaterial: cert, keyMaterial: key, certPath } = config;
  if (cert || key) {
    if (!cert || !key) throw new Error("cert_material, and key_material must be specified");
    if (certPath) throw new Error("cert_path must not be specified");
    return { cert, key, ...(ca ? { ca } : { rejectUnauthorized: false }) };
  }
  const folder = certPath || process.env["DOCKER_CERT_PATH"];
  if (!folder) return undefined;
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  return { ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") };
}

/** A failed call's words as Docker's own client gives them. */
export function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { json, statusCode } = error as { json?: { message?: string } | null; statusCode?: number };
  if (statusCode === undefined) return error.message;
  // a failed stream has no parsed answer: what dockerode puts around the daemon's words is taken off
  const words = json?.message ?? error.message.replace(/^\(HTTP code \d+\) .*? - /, "").trim();
  return `Error response from daemon: ${words}`;
}

export function isMissing(error: unknown): boolean {
  return (error as { statusCode?: number }).statusCode === 404;
}
