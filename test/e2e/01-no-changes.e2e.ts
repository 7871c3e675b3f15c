import { describe, expect, it } from "vitest";
import { environment, execute, must, onServer, pulumi, sh, up, type Result } from "./support/cloud";

/** Steps of a server's first hour: they dial with a key that is gone, take a backup, or say what they restored. */
const ONCE = ["hardening-host-key", "backup-first-postgres", "restore-databases"];

/** A value of `stack export --show-secrets`: a secret one is wrapped. */
type Shown = string | { readonly plaintext: string };

interface ShownResource {
  readonly urn: string;
  readonly type: string;
  readonly inputs?: Readonly<Record<string, Shown | undefined>>;
  readonly outputs?: Readonly<Record<string, Shown | undefined>>;
}

function unwrap(value: Shown | undefined): string {
  if (value === undefined || typeof value === "string") return value ?? "";
  return JSON.parse(value.plaintext) as string;
}

async function shownResources(): Promise<ShownResource[]> {
  const { stdout } = await must("pulumi", "stack", "export", "--show-secrets");
  return (JSON.parse(stdout) as { deployment: { resources: ShownResource[] } }).deployment.resources;
}

describe("a second run", () => {
  it("changes nothing, and up says so", async () => {
    const { output } = await up();
    expect(output).toMatch(/\d+ unchanged/);
    expect(output).not.toMatch(/\d+ (created|updated|replaced|deleted|changes)/);
    expect(output).not.toMatch(/warning/i);
  });

  it("previews and refreshes without a change", async () => {
    expect((await pulumi("preview", "--expect-no-changes")).output).toMatch(/\d+ unchanged/);
    const refreshed = await pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    expect(refreshed.code, refreshed.output).toBe(0);
  });

  it("still changes nothing after a restart of the local cloud and its servers", async () => {
    await must("npm", "run", "-s", "local:restart");
    const preview = await pulumi("preview", "--refresh", "--expect-no-changes");
    expect(preview.code, preview.output).toBe(0);
  });

  it("finds every remote step done: each script says unchanged on the host", async () => {
    const steps = (await shownResources()).filter(
      ({ type, urn }) => type.startsWith("command:") && !ONCE.some((name) => urn.endsWith(`::${name}`)),
    );
    expect(steps.length).toBeGreaterThan(8);
    const said = new Map<string, string>();
    for (const { urn, inputs } of steps) {
      const create = unwrap(inputs?.create);
      const result = await again(create, unwrap(inputs?.stdin));
      said.set(urn.split("::").at(-1) ?? urn, result.code === 0 ? result.stdout.trim() : result.output);
    }
    expect(Object.fromEntries(said)).toEqual(
      Object.fromEntries([...said.keys()].map((name) => [name, "unchanged"])),
    );
  });
});

/** A step's command where it runs: here, or on the host, where a guarded one sends the rest of its words. */
async function again(create: string, stdin: string): Promise<Result> {
  if (create.startsWith("node ")) return execute("sh", ["-c", create], await environment(), stdin);
  const guarded = /ops@\S+ \w+(.*)$/.exec(create)?.[1];
  return onServer(guarded === undefined ? create : `sudo -n bash -s --${guarded}`, stdin);
}

describe("state and output", () => {
  it("hold no secret in plain text", async () => {
    const config = await must("pulumi", "config", "--json", "--show-secrets");
    const values = secretsOf(JSON.parse(config.stdout) as Record<string, ConfigValue>);
    expect(values.length).toBeGreaterThan(5);
    const password = (await shownResources()).find(({ urn }) => urn.endsWith("::secrets-postgres-password"));
    const database = unwrap(password?.outputs?.hex);
    expect(database).toMatch(/^[0-9a-f]{64}$/);
    const outputs = await Promise.all([
      sh("pulumi", "stack", "export"),
      sh("pulumi", "stack", "output", "--json"),
      sh("pulumi", "config"),
      sh("pulumi", "stack"),
      sh("npx", "homeport", "verify", "--json"),
    ]);
    for (const value of [...values, database]) {
      const line = value.split("\n").find((text) => text.length > 20 && !text.startsWith("-----")) ?? value;
      for (const { output } of outputs) expect(output.includes(line)).toBe(false);
    }
  });
});

interface ConfigValue {
  readonly value?: string;
  readonly secret?: boolean;
}

function secretsOf(config: Record<string, ConfigValue>): string[] {
  return Object.values(config).flatMap(({ secret, value }) => (secret === true && value ? [value] : []));
}
