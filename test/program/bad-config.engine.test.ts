import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { installed } from "../../local-cloud/toolchain/install";
import { layout } from "../../local-cloud/toolchain/layout";
import { CANARIES, productionStack } from "../support/program";

const ROOT = join(__dirname, "..", "..");
const PROGRAM = ["Pulumi.yaml", "package.json", "tsconfig.json", "index.ts", "node_modules"];
const FOLDERS = ["components", "systems", "scripts"];
const STACK = "engine";
const MINUTES = 60_000;

interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

/** The real engine on a `file://` backend, with both providers pointed at a server that counts and refuses. */
describe.skipIf(installed(layout()) === undefined)("pulumi preview", () => {
  let folder: string;
  let server: Server;
  const requests: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "homeport-engine-"));
    // a project of its own, so that neither stack file nor keys land in the work tree
    for (const name of [...PROGRAM, ...FOLDERS]) symlinkSync(join(ROOT, name), join(folder, name));
    mkdirSync(join(folder, "backend"));
    server = createServer((request, response) => {
      requests.push(`${request.method ?? ""} ${request.url ?? ""}`);
      response.writeHead(403, { "content-type": "application/json" });
      response.end('{"error":{"code":"forbidden","message":"counted"},"success":false,"errors":[]}');
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const made = await pulumi("stack", "init", STACK);
    expect(made.output).toContain(STACK);
    await configure();
  }, 5 * MINUTES);

  afterAll(async () => {
    await new Promise((closed) => server.close(closed));
    rmSync(folder, { recursive: true });
  });

  it(
    "asks the APIs when the config is good: the test below counts where requests arrive",
    async () => {
      await pulumi("preview", "--stack", STACK);

      expect(requests.length).toBeGreaterThan(0);
    },
    5 * MINUTES,
  );

  it(
    "with a bad config tells every fault, and no secret, before any request",
    async () => {
      await pulumi("config", "set", "--stack", STACK, "homeport:location", "fra1");
      await pulumi("config", "set", "--stack", STACK, "--path", "homeport:adminCidrs[0]", "0.0.0.0/0");
      await pulumi("config", "rm", "--stack", STACK, "homeport:hostPrivateKey");
      await pulumi("config", "set", "--stack", STACK, "homeport:registryPassword", "plain-and-short");
      requests.length = 0;

      const { ok, output } = await pulumi("preview", "--stack", STACK);

      expect(ok).toBe(false);
      expect(output).toContain(`config of stack ${STACK}: 4 faults`);
      for (const key of ["location", "adminCidrs[0]", "hostPrivateKey", "registryPassword"])
        expect(output).toContain(`homeport:${key}: must `);
      expect(output).not.toMatch(/\n\s+at .+:\d+:\d+/);
      for (const secret of [...Object.values(CANARIES), "plain-and-short"])
        expect(output).not.toContain(secret);
      expect(requests).toEqual([]);
    },
    5 * MINUTES,
  );

  /** Production's config, with both endpoints at the counting server. */
  async function configure(): Promise<void> {
    const { raw, secretKeys } = productionStack();
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const all = {
      ...raw,
      "hcloud:endpoint": `${address}/v1`,
      "cloudflare:baseUrl": `${address}/client/v4`,
    };
    const isJson = (text: string): boolean => /^[[{]/.test(text);
    const open = Object.entries(all).filter(([key]) => !secretKeys.includes(key));
    const values = open.map(([key, text]) => [key, isJson(text) ? (JSON.parse(text) as unknown) : text]);
    const file = join(folder, `Pulumi.${STACK}.yaml`);
    const salt = /^encryptionsalt: .*$/m.exec(readFileSync(file, "utf8"))?.[0] ?? "";
    writeFileSync(file, `${salt}\n${stringify({ config: Object.fromEntries(values) as object })}`);
    const paths = { ...raw, "homeport:secrets.SECRET_KEY_BASE": CANARIES.SECRET_KEY_BASE };
    const secrets = Object.entries(paths)
      .filter(([path]) => path.startsWith("homeport:secrets.") || secretKeys.includes(path))
      .filter(([path]) => path !== "homeport:secrets")
      .flatMap(([path, value]) => ["--secret", `${path}=${value ?? ""}`]);
    const set = await pulumi("config", "set-all", "--path", "--stack", STACK, ...secrets);
    expect(set).toMatchObject({ ok: true });
  }

  function pulumi(...args: readonly string[]): Promise<Outcome> {
    const { home, bin } = layout();
    const env = {
      HOME: folder,
      PATH: [bin, join(ROOT, "node_modules", ".bin"), process.env.PATH ?? ""].join(delimiter),
      PULUMI_HOME: home,
      PULUMI_BACKEND_URL: `file://${join(folder, "backend")}`,
      PULUMI_CONFIG_PASSPHRASE: "of-this-test-alone",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    };
    const command = ["--non-interactive", "--color", "never", ...args];
    return new Promise((done) =>
      execFile("pulumi", command, { cwd: folder, env }, (error, stdout, stderr) =>
        done({ ok: error === null, output: `${stdout}\n${stderr}` }),
      ),
    );
  }
});
