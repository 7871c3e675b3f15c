import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where one local cloud lives: names, addresses and folders. Every room takes its own from here. */
export interface CloudSettings {
  /** The cloud's name and its Pulumi stack's: `local`, or `local-…` beside it. */
  readonly name: string;
  /** Docker network's name, and the prefix of its containers and volumes. */
  readonly prefix: string;
  /** Linux bridge of the network, at most 15 characters. */
  readonly bridge: string;
  /** The daemon on 127.0.0.1: `/v1` is Hetzner, `/client/v4` is Cloudflare, `/_control` makes faults. */
  readonly port: number;
  readonly stateDir: string;
  readonly cacheDir: string;
  /** Everything of this cloud, CIDR: 198.18.0.0/15 (RFC 2544), or a /15 of 100.64.0.0/10 (RFC 6598). */
  readonly subnet: string;
  /** Servers' addresses, CIDR: the only ones that Hetzner's firewalls filter. */
  readonly hosts: string;
  /** This machine on the bridge, so the operator's address. */
  readonly gateway: string;
  readonly edge: string;
  /** The edge's published range, CIDR: what `GET /ips` answers. */
  readonly edgeRange: string;
  readonly dns: string;
  readonly dockerIo: string;
  readonly ghcrIo: string;
  /** The object store. */
  readonly s3: string;
  /** The ACME server, where a stack asks for one. */
  readonly acme: string;
  /** An address that is neither the operator's nor the edge's. */
  readonly visitor: string;
}

const NAME = /^local(-[a-z0-9]{1,8})?$/;
const FIRST_PORT = 4680;

/** `HOMEPORT_CACHE`, or the user's cache folder: toolchain and bundles, shared by all local clouds. */
export function cacheDir(): string {
  const base = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  return process.env.HOMEPORT_CACHE ?? join(base, "homeport");
}

/** `HOMEPORT_STATE`, or the user's state folder: one folder in it per local cloud. */
export function stateRoot(): string {
  const base = process.env.XDG_STATE_HOME ?? join(homedir(), ".local", "state");
  return process.env.HOMEPORT_STATE ?? join(base, "homeport");
}

/** The settings of cloud number `index`: 0 is `local`, each other one gets a subnet and a port of its own. */
export function settingsFor(name: string, index: number): CloudSettings {
  const [a, b] = index === 0 ? [198, 18] : [100, 64 + 2 * (index - 1)];
  const services = `${a}.${b + 1}`;
  return {
    name,
    prefix: `homeport-${name}`,
    bridge: `hp-${name}`,
    port: FIRST_PORT + index,
    stateDir: join(stateRoot(), name),
    cacheDir: cacheDir(),
    subnet: `${a}.${b}.0.0/15`,
    hosts: `${a}.${b}.0.0/16`,
    gateway: `${services}.255.254`,
    edge: `${services}.0.20`,
    edgeRange: `${services}.0.0/24`,
    dns: `${services}.0.53`,
    dockerIo: `${services}.0.5`,
    ghcrIo: `${services}.0.6`,
    s3: `${services}.0.7`,
    acme: `${services}.0.8`,
    visitor: `${services}.100.9`,
  };
}

/**
 * The settings of the cloud named by `HOMEPORT_CLOUD` (default `local`). A cloud keeps its number, and so its
 * addresses, in `settings.json` of its state folder.
 */
export function cloudSettings(name = process.env.HOMEPORT_CLOUD ?? "local"): CloudSettings {
  if (!NAME.test(name)) {
    throw new Error(
      `HOMEPORT_CLOUD: must be "local" or "local-" and 1 to 8 of a-z 0-9, got ${JSON.stringify(name)}`,
    );
  }
  const file = join(stateRoot(), name, "settings.json");
  if (!existsSync(file)) {
    mkdirSync(join(stateRoot(), name), { recursive: true, mode: 0o700 });
    writeFileSync(file, JSON.stringify({ index: name === "local" ? 0 : freeIndex() }) + "\n");
  }
  return settingsFor(name, (JSON.parse(readFileSync(file, "utf8")) as { index: number }).index);
}

/** Names of the other clouds that have a daemon's pid file, so may be running. */
export function otherClouds(name: string): string[] {
  return readdirSync(stateRoot()).filter(
    (other) => other !== name && existsSync(join(stateRoot(), other, "daemon.pid")),
  );
}

function freeIndex(): number {
  const taken = readdirSync(stateRoot())
    .map((name) => join(stateRoot(), name, "settings.json"))
    .filter((file) => existsSync(file))
    .map((file) => (JSON.parse(readFileSync(file, "utf8")) as { index: number }).index);
  for (let index = 1; index <= 32; index++) {
    if (!taken.includes(index)) return index;
  }
  throw new Error("all 32 subnets are taken by other local clouds; fix: npm run local:down in one of them");
}
