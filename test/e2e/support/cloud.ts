import { execFile, type ExecFileException } from "node:child_process";
import { join } from "node:path";
import { visitorCommand } from "../../../local-cloud/internet/visitor";
import { cloudSettings } from "../../../local-cloud/settings";

/** The tests' own cloud, beside any that the user runs. */
export const CLOUD = process.env.HOMEPORT_CLOUD ?? "local-test";
export const ROOT = join(__dirname, "..", "..", "..");
export const DOMAIN = "mxcorre.com";

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, as a user would see them. */
  readonly output: string;
}

let exported: Record<string, string> | undefined;

/** What `npm run -s local:env` gives, so that the tests are ordinary clients. */
export async function environment(): Promise<NodeJS.ProcessEnv> {
  if (exported === undefined) {
    const { stdout } = await execute("npm", ["run", "-s", "local:env", "--", "--json"], {
      HOMEPORT_CLOUD: CLOUD,
    });
    exported = JSON.parse(stdout) as Record<string, string>;
  }
  return { ...process.env, ...exported };
}

/** After a start of the cloud: ports and addresses may be others. */
export function forgetEnvironment(): void {
  exported = undefined;
}

/** Runs a command in the cloud's environment, from the project's root; a failure is a result too. */
export async function sh(command: string, ...args: string[]): Promise<Result> {
  return execute(command, args, await environment());
}

/** As {@link sh}, but a failure is an error that shows the output. */
export async function must(command: string, ...args: string[]): Promise<Result> {
  const result = await sh(command, ...args);
  if (result.code !== 0)
    throw new Error(`${command} ${args.join(" ")}: exit ${result.code}\n${result.output}`);
  return result;
}

export function execute(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  stdin = "",
  cwd = ROOT,
): Promise<Result> {
  return new Promise((resolve) => {
    const child = execFile(
      command,
      [...args],
      { cwd, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 },
      (error: ExecFileException | null, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
        resolve({ code, stdout, stderr, output: stdout + stderr });
      },
    );
    child.stdin?.on("error", () => undefined); // a command that reads nothing may be gone already
    child.stdin?.end(stdin);
  });
}

/** ssh's own failure, before anything has run. */
const NO_CONNECTION = 255;

const QUIET = ["--non-interactive", "--suppress-progress", "--color", "never"];

export async function pulumi(...args: string[]): Promise<Result> {
  return sh(
    "pulumi",
    ...args,
    ...(["up", "preview", "refresh", "destroy"].includes(args[0] ?? "") ? QUIET : []),
  );
}

/** `pulumi up`, which must succeed. */
export async function up(...args: string[]): Promise<Result> {
  const result = await pulumi("up", "--yes", "--skip-preview", ...args);
  if (result.code !== 0) throw new Error(`pulumi up: exit ${result.code}\n${result.output}`);
  return result;
}

/** A command where a visitor stands: what `npm run -s local:visitor` runs, without its start of a second. */
export async function visitor(...words: string[]): Promise<Result> {
  const [command = "docker", ...args] = visitorCommand(cloudSettings(CLOUD), words);
  return execute(command, args, {});
}

let known: string | undefined;

/** A command on the server, as the operator, over the pinned connection. */
export async function onServer(script: string, stdin = ""): Promise<Result> {
  const asked = known;
  known ??= await serverIp();
  const args = ["-F", `.homeport/${CLOUD}/ssh_config`, `ops@${known}`, script];
  const result = await execute("ssh", args, await environment(), stdin);
  if (asked === undefined || result.code !== NO_CONNECTION) return result;
  known = undefined; // the next server may have another address
  return onServer(script, stdin);
}

export async function serverIp(): Promise<string> {
  return (await must("pulumi", "stack", "output", "serverIp")).stdout.trim();
}

/** What Hetzner's API answers. */
export async function hetzner<T>(path: string, init: RequestInit = {}): Promise<T> {
  const env = await environment();
  return request<T>(`${env.HCLOUD_ENDPOINT}${path}`, env.HCLOUD_TOKEN, init);
}

/** What Cloudflare's API answers. */
export async function cloudflare<T>(path: string, init: RequestInit = {}): Promise<T> {
  const env = await environment();
  return request<T>(`${env.CLOUDFLARE_BASE_URL}${path}`, env.CLOUDFLARE_API_TOKEN, init);
}

/** Orders faults of an API for the next matching requests. */
export async function fault(api: "hetzner" | "cloudflare", body: Record<string, unknown>): Promise<void> {
  const env = await environment();
  const url = new URL(`/_control/${api}/faults`, env.HCLOUD_ENDPOINT);
  await request(url.href, undefined, { method: "POST", body: JSON.stringify(body) });
}

export async function clearFaults(): Promise<void> {
  const env = await environment();
  for (const api of ["hetzner", "cloudflare"]) {
    await fetch(new URL(`/_control/${api}/faults`, env.HCLOUD_ENDPOINT), { method: "DELETE" });
  }
}

async function request<T>(url: string, token: string | undefined, init: RequestInit): Promise<T> {
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(init.body === undefined ? {} : { "content-type": "application/json" }),
  };
  const response = await fetch(url, { ...init, headers });
  const text = await response.text();
  if (!response.ok) throw new Error(`${init.method ?? "GET"} ${url}: ${response.status} ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** A resource of the stack's state. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

export async function resources(): Promise<StateResource[]> {
  const { stdout } = await must("pulumi", "stack", "export");
  const state = JSON.parse(stdout) as { deployment: { resources?: StateResource[] } };
  return state.deployment.resources ?? [];
}

/** The URN of the resource with this name. */
export async function urnOf(name: string): Promise<string> {
  const found = (await resources()).find(({ urn }) => urn.endsWith(`::${name}`));
  if (found === undefined) throw new Error(`the state has no ${name}`);
  return found.urn;
}

/** Waits until `check` gives something, twice a second. */
export async function eventually<T>(
  seconds: number,
  check: () => Promise<T | undefined | false>,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const found = await check();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
