import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ConfigError, loadConfig, writeStackSshFiles } from "../../components/config";
import { runningCalendar } from "../../systems/running-calendar";
import { HOST, mailRaw, OPERATOR, SECRET_KEYS, sftpRaw, validRaw } from "../support/valid-config";

const VARIABLES = [
  "HCLOUD_TOKEN",
  "HCLOUD_ENDPOINT",
  "CLOUDFLARE_API_TOKEN",
  "CLOUDFLARE_BASE_URL",
  "PULUMI_BACKEND_URL",
];
const NO_RESOURCES: pulumi.runtime.Mocks = {
  call: () => ({}),
  newResource: ({ name }) => ({ id: name, state: {} }),
};
const before = process.cwd();
let directory = "";

beforeEach(async () => {
  await pulumi.runtime.setMocks(NO_RESOURCES, "homeport", "prod");
  for (const name of VARIABLES) vi.stubEnv(name, undefined);
  directory = mkdtempSync(join(tmpdir(), "homeport-config-"));
  process.chdir(directory);
});
afterEach(() => {
  process.chdir(before);
  rmSync(directory, { recursive: true });
});

function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}

/** No value of a secret key that the stack has. */
function expectNoSecretInPlain(config: unknown, raw: Readonly<Record<string, string | undefined>>): void {
  const plain = JSON.stringify(config, (_, value: unknown) =>
    pulumi.Output.isInstance(value) ? "output" : value,
  );
  for (const key of SECRET_KEYS) {
    const value = raw[key];
    if (value !== undefined) expect(plain).not.toContain(JSON.stringify(value).slice(1, -1));
  }
}

describe("loadConfig", () => {
  it("hands every secret on as a secret output and the rest as plain values", async () => {
    const raw = { ...validRaw(), ...mailRaw() };
    pulumi.runtime.setAllConfig(raw, [...SECRET_KEYS]);

    const config = loadConfig(runningCalendar);

    expect(config).toMatchObject({
      stack: "prod",
      domain: "mxcorre.com",
      adminCidrs: ["203.0.113.7/32"],
      protect: true,
    });
    const secrets = [
      config.operatorPrivateKey,
      config.hostPrivateKey,
      config.registry.password,
      config.keptSecrets.SECRET_KEY_BASE!,
    ];
    expect(await Promise.all(secrets.map((output) => pulumi.isSecret(output)))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(await valueOf(config.operatorPrivateKey)).toBe(OPERATOR.privateKey);
    expect(await valueOf(config.registry.password)).toBe(raw["homeport:registryPassword"]);
    expectNoSecretInPlain(config, raw);
  });

  it("hands the key to a repository over SFTP on as a secret output", async () => {
    const raw = Object.fromEntries(
      Object.entries({ ...validRaw(), ...sftpRaw() }).filter(([, value]) => value !== undefined),
    ) as Record<string, string>;
    pulumi.runtime.setAllConfig(raw, [...SECRET_KEYS]);

    const config = loadConfig(runningCalendar);

    expect(await pulumi.isSecret(config.backup.sshKey)).toBe(true);
    expect((await valueOf(config.backup.sshKey)).trim()).toBe(OPERATOR.privateKey.trim());
    expectNoSecretInPlain(config, raw);
  });

  it("throws one error with all faults, which the engine shows without a stack trace", () => {
    pulumi.runtime.setAllConfig({ ...validRaw(), "homeport:location": "fra1", "homeport:protect": "yes" }, [
      ...SECRET_KEYS,
    ]);

    expect(() => loadConfig(runningCalendar)).toThrow(
      "config of stack prod: 2 faults\n" +
        "  homeport:location: must be one of Hetzner's locations: ash fsn1 hel1 hil nbg1 sin, got fra1; fix: pulumi config set homeport:location nbg1 --stack prod\n" +
        "  homeport:protect: must be true or false, got yes; fix: pulumi config set homeport:protect true --stack prod",
    );
    expect(pulumi.RunError.isInstance(caught())).toBe(true);
    expect(caught()).toBeInstanceOf(ConfigError);
  });

  it("notices a secret that is stored in plain text", () => {
    pulumi.runtime.setAllConfig(
      validRaw(),
      SECRET_KEYS.filter((key) => key !== "homeport:registryPassword"),
    );

    expect(() => loadConfig(runningCalendar)).toThrow(
      "homeport:registryPassword: must be encrypted, got plain text",
    );
  });
});

describe("writeStackSshFiles", () => {
  it("writes the stack's files below the working directory, with relative paths", () => {
    pulumi.runtime.setAllConfig(validRaw(), [...SECRET_KEYS]);

    const files = writeStackSshFiles(runningCalendar);

    expect(files.config).toBe(".homeport/prod/ssh_config");
    expect(readFileSync(files.key, "utf8")).toBe(OPERATOR.privateKey);
    expect(readFileSync(files.knownHosts, "utf8")).toContain(HOST.publicKey.split(" ")[1]);
  });
});

function caught(): unknown {
  try {
    return loadConfig(runningCalendar);
  } catch (error) {
    return error;
  }
}
