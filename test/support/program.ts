import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { vi } from "vitest";
import { parse } from "yaml";
import { CLOUDFLARE_RANGES } from "../../components/lib/cloudflare-ranges";
import { recordGraph, settled, type Graph } from "./mocks";
import { CANARY, canary } from "./provider-answers";
import { DIGEST, HOST, OPERATOR } from "./valid-config";

const ROOT = join(__dirname, "..", "..");
const LOCAL_EDGE = ["198.19.0.0/24", "2001:db8:cf::/48"];
const OUTSIDE = ["HCLOUD_", "CLOUDFLARE_", "PULUMI_", "HOMEPORT_"];

/** A stack's config as the engine hands it over, with the keys that are encrypted. */
export interface StackInput {
  readonly stack: string;
  readonly raw: Readonly<Record<string, string>>;
  readonly secretKeys: readonly string[];
  /** What the edge publishes. */
  readonly edge: readonly string[];
}

export interface ProgramRun {
  readonly graph: Graph;
  /** What `index.ts` exports. */
  readonly exports: Readonly<Record<string, unknown>>;
  /** What the files below `.homeport` hold, by path. */
  readonly files: Readonly<Record<string, string>>;
}

/** Secret text by what it is, each found nowhere but in secrets. */
export const CANARIES: Readonly<Record<string, string>> = {
  "hcloud:token": "HcloudCanary".padEnd(64, "t0K3n"),
  "cloudflare:apiToken": "CloudflareCanary".padEnd(40, "t0K3n"),
  operatorPrivateKey: OPERATOR.privateKey.split("\n")[2] ?? "",
  hostPrivateKey: HOST.privateKey.split("\n")[2] ?? "",
  registryPassword: `ghp_${canary("registry")}`.padEnd(40, "x"),
  SECRET_KEY_BASE: canary("secret-key-base").padEnd(128, "0123456789abcdef"),
  backupSecretAccessKey: canary("backup-secret-key").padEnd(40, "x"),
  backupPassword: canary("backup-password").padEnd(64, "x"),
  // what the mocked providers make up
  made: CANARY,
};

/** `Pulumi.prod.yaml`, with what only its owner can add. */
export function productionStack(): StackInput {
  const owner = {
    "homeport:adminCidrs": ["203.0.113.7/32"],
    "homeport:registryUsername": "mxcorre",
  };
  const config = { ...configOf("Pulumi.prod.yaml"), ...owner, ...initialised() } as Record<string, unknown>;
  const images = config["homeport:images"] as Record<string, string>;
  return toInput("prod", CLOUDFLARE_RANGES, {
    ...config,
    "homeport:images": { ...images, web: `ghcr.io/mxcorre/calendar@${DIGEST}` },
  });
}

/** The local cloud's template as `npm run local` fills it in. */
export function localStack(): StackInput {
  const template = readFileSync(join(ROOT, "local-cloud", "stacks", "running-calendar.yaml"), "utf8");
  const values: Readonly<Record<string, string>> = {
    HCLOUD_ENDPOINT: "http://127.0.0.1:4990/v1",
    CLOUDFLARE_BASE_URL: "http://127.0.0.1:4990/client/v4",
    ADMIN_CIDR: "198.19.255.254/32",
    EDGE_CIDR: "198.19.0.0/24",
    WEB_IMAGE: `ghcr.io/mxcorre/running-calendar@${DIGEST}`,
  };
  const filled = template.replaceAll(/\{\{([A-Z_]+)\}\}/g, (_, name: string) => values[name] ?? "");
  const { config } = parse(filled) as { config: Record<string, unknown> };
  return toInput("local", LOCAL_EDGE, { ...config, ...initialised() });
}

/**
 * Runs `index.ts` under mocks as the language host would, inside a stack. Once per test file: modules keep what
 * they read.
 */
export function runProgram(input: StackInput): Promise<ProgramRun> {
  return inStack(input, async (graph) => {
    let exports: Record<string, unknown> = {};
    const runtime = pulumi.runtime as unknown as {
      runInPulumiStack(init: () => Promise<unknown>): Promise<unknown>;
    };
    await runtime.runInPulumiStack(async () => (exports = { ...(await import("../../index")) }));
    await settled();
    return { graph, exports, files: readSshFiles(input.stack) };
  });
}

/** Works under mocks with a stack's config, in a folder of its own, nothing of the caller's environment in sight. */
export async function inStack<T>(input: StackInput, work: (graph: Graph) => Promise<T>): Promise<T> {
  const before = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), "homeport-program-"));
  hideEnvironment(input);
  process.chdir(folder);
  try {
    const invokes = { "cloudflare:index/getIpRanges:getIpRanges": byFamily(input.edge) };
    const graph = recordGraph({ stack: input.stack, invokes });
    pulumi.runtime.setAllConfig({ ...input.raw }, [...input.secretKeys]);
    return await work(graph);
  } finally {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  }
}

/** What `homeport init` and the owner's `pulumi config set --secret` add. */
function initialised(): Record<string, unknown> {
  return {
    "hcloud:token": CANARIES["hcloud:token"],
    "cloudflare:apiToken": CANARIES["cloudflare:apiToken"],
    "homeport:operatorPublicKey": OPERATOR.publicKey,
    "homeport:operatorPrivateKey": OPERATOR.privateKey.trim(),
    "homeport:hostPrivateKey": HOST.privateKey.trim(),
    "homeport:registryPassword": CANARIES.registryPassword,
    "homeport:backupRepository": "s3:https://nbg1.your-objectstorage.com/mxcorre-backups/running-calendar",
    "homeport:backupAccessKeyId": "HOST0000000000000000",
    "homeport:backupSecretAccessKey": CANARIES.backupSecretAccessKey,
    "homeport:backupPassword": CANARIES.backupPassword,
    "homeport:secrets": { SECRET_KEY_BASE: CANARIES.SECRET_KEY_BASE },
  };
}

function byFamily(ranges: readonly string[]): Record<string, unknown> {
  const isV6 = (range: string): boolean => range.includes(":");
  return { ipv4Cidrs: ranges.filter((range) => !isV6(range)), ipv6Cidrs: ranges.filter(isV6) };
}

const SECRETS =
  /^(hcloud:token|cloudflare:apiToken|homeport:(\w+PrivateKey|registryPassword|backupSecretAccessKey|backupPassword|secrets))$/;

/** Objects and lists go as JSON; the project's defaults stand where the stack says nothing. */
function toInput(
  stack: string,
  edge: readonly string[],
  config: Readonly<Record<string, unknown>>,
): StackInput {
  const schema = parse(readFileSync(join(ROOT, "Pulumi.yaml"), "utf8")) as {
    config: Record<string, { default: unknown }>;
  };
  const defaults = Object.entries(schema.config).map(([key, rule]) => [`homeport:${key}`, rule.default]);
  const all = Object.entries({ ...Object.fromEntries(defaults), ...config } as Record<string, unknown>);
  const text = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
  return {
    ...{ stack, edge },
    raw: Object.fromEntries(all.map(([key, value]) => [key, text(value)])),
    secretKeys: all.map(([key]) => key).filter((key) => SECRETS.test(key)),
  };
}

function configOf(file: string): Record<string, unknown> {
  return (parse(readFileSync(join(ROOT, file), "utf8")) as { config: Record<string, unknown> }).config;
}

/** A local stack is only taken with the local cloud's own backend. */
function hideEnvironment({ stack }: StackInput): void {
  for (const name of Object.keys(process.env))
    if (OUTSIDE.some((prefix) => name.startsWith(prefix))) vi.stubEnv(name, undefined);
  if (stack.startsWith("local")) vi.stubEnv("PULUMI_BACKEND_URL", "file:///state/homeport/local/backend");
}

function readSshFiles(stack: string): Record<string, string> {
  const files = ["ssh_config", "known_hosts", "operator_key"].map((name) => `.homeport/${stack}/${name}`);
  return Object.fromEntries(files.map((file) => [file, readFileSync(file, "utf8")]));
}
