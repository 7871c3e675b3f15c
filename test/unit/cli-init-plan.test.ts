import { describe, expect, it } from "vitest";
import { CliError } from "../../cli/cli-error";
import { givenByEnvironment, givenByLines, mergeGiven } from "../../cli/init/given";
import { makeRandom, makeSshKey, publicKeyLine } from "../../cli/init/keys";
import { fixCommand, planInit, writesFor, type Need } from "../../cli/init/plan";
import type { ConfigValue } from "../../cli/pulumi";
import { privateKeyFault, publicKeyFault } from "../../components/lib/ssh-keys";
import type { System } from "../../components/lib/system";
import { runningCalendar } from "../../systems/running-calendar";

const plain = (value: string, object?: unknown): ConfigValue => ({ value, object, isSecret: false });

const COMPLETE: ReadonlyMap<string, ConfigValue> = new Map([
  ["homeport:operatorPrivateKey", plain("x")],
  ["homeport:operatorPublicKey", plain("x")],
  ["homeport:hostPrivateKey", plain("x")],
  ["homeport:secrets", plain("{}", { SECRET_KEY_BASE: "x" })],
  ["homeport:domain", plain("example.org")],
  ["homeport:adminCidrs", plain("[]", ["203.0.113.7/32"])],
  ["hcloud:token", plain("x")],
  ["cloudflare:apiToken", plain("x")],
  ["homeport:registryUsername", plain("x")],
  ["homeport:registryPassword", plain("x")],
]);

const without = (...keys: string[]): ReadonlyMap<string, ConfigValue> =>
  new Map([...COMPLETE].filter(([key]) => !keys.includes(key)));

const planned = (needs: readonly Need[]): [string, string][] =>
  needs.map(({ key, source }) => [key, source.kind]);

describe("planInit", () => {
  it("has nothing to do for a complete stack, whatever is given", () => {
    const given = new Map([["hcloud:token", ["another"]]]);

    expect(planInit(COMPLETE, runningCalendar, given)).toEqual([]);
  });

  it("makes what can be made and leaves the rest to the user, for an empty stack", () => {
    expect(planned(planInit(new Map(), runningCalendar, new Map()))).toEqual([
      ["homeport:operatorPrivateKey", "operator-key"],
      ["homeport:hostPrivateKey", "host-key"],
      ["homeport:secrets.SECRET_KEY_BASE", "random"],
      ["homeport:domain", "user"],
      ["homeport:adminCidrs", "user"],
      ["hcloud:token", "user"],
      ["cloudflare:apiToken", "user"],
      ["homeport:registryUsername", "user"],
      ["homeport:registryPassword", "user"],
    ]);
  });

  it("takes given values instead of making or asking", () => {
    const given = new Map([
      ["hcloud:token", ["t"]],
      ["homeport:operatorPrivateKey", ["k"]],
      ["homeport:secrets.SECRET_KEY_BASE", ["s"]],
    ]);
    const config = without(
      "hcloud:token",
      "homeport:operatorPrivateKey",
      "homeport:operatorPublicKey",
      "homeport:secrets",
    );

    expect(new Set(planInit(config, runningCalendar, given).map(({ source }) => source.kind))).toEqual(
      new Set(["given"]),
    );
  });

  it.each([
    ["s3:https://store.example/bucket", ["backupAccessKeyId", "backupSecretAccessKey"]],
    ["sftp:u1@box:app", ["backupSshKey", "backupHostKey"]],
  ])("asks for the keys of %s, and makes the password", (repository, keys) => {
    const config = new Map([...COMPLETE, ["homeport:backupRepository", plain(repository)] as const]);
    expect(planned(planInit(config, runningCalendar, new Map()))).toEqual([
      ["homeport:backupPassword", "random"],
      ...keys.map((key) => [`homeport:${key}`, "user"]),
    ]);
  });

  it("asks for the token that stays on the server where a site is acme-dns, and nowhere else", () => {
    const sites = runningCalendar.sites.map((site) => ({ ...site, tls: "acme-dns" as const }));
    const needs = planInit(COMPLETE, { ...runningCalendar, sites }, new Map());
    expect(planned(needs)).toEqual([["homeport:acmeDnsToken", "user"]]);
    expect(needs[0]?.isSecret).toBe(true);
    const byFile = sites.map((site) => ({ ...site, tls: "acme-http" as const }));
    expect(planInit(COMPLETE, { ...runningCalendar, sites: byFile }, new Map())).toEqual([]);
  });

  it("derives the public half after a run that was killed between the two writes", () => {
    const needs = planInit(without("homeport:operatorPublicKey"), runningCalendar, new Map());

    expect(planned(needs)).toEqual([["homeport:operatorPublicKey", "operator-public-key"]]);
  });

  it("never makes a private key beside a public key that somebody put there", () => {
    const needs = planInit(without("homeport:operatorPrivateKey"), runningCalendar, new Map());

    expect(planned(needs)).toEqual([["homeport:operatorPrivateKey", "user"]]);
  });

  it("asks for no optional secret", () => {
    const secrets = { BEAT_URL: { kind: "kept", optional: true } } as const;

    expect(planInit(COMPLETE, { ...runningCalendar, secrets }, new Map())).toEqual([]);
  });

  it("asks for a conditional secret only where the condition holds", () => {
    const system: System = {
      ...runningCalendar,
      secrets: { SMTP_PASSWORD: { kind: "kept", when: { EMAIL_MODE: "smtp" } } },
    };
    const smtp = new Map([
      ...COMPLETE,
      ["homeport:environment", plain("{}", { web: { EMAIL_MODE: "smtp" } })] as const,
    ]);

    expect(planInit(COMPLETE, system, new Map())).toEqual([]);
    expect(planned(planInit(smtp, system, new Map()))).toEqual([["homeport:secrets.SMTP_PASSWORD", "user"]]);
  });
});

describe("writesFor and fixCommand", () => {
  const need = (key: string): Need => {
    const found = planInit(new Map(), runningCalendar, new Map()).find((each) => each.key === key);
    if (found === undefined) throw new Error(`no need ${key}`);
    return found;
  };

  it("writes a list entry by entry", () => {
    const writes = writesFor(need("homeport:adminCidrs"), ["203.0.113.7/32", "198.51.100.0/24"]);

    expect(writes.map(({ key, isPath, value }) => [key, isPath, value])).toEqual([
      ["homeport:adminCidrs[0]", true, "203.0.113.7/32"],
      ["homeport:adminCidrs[1]", true, "198.51.100.0/24"],
    ]);
  });

  it("names a command that asks for a secret instead of taking it as an argument", () => {
    expect(fixCommand(need("hcloud:token"), "prod")).toBe(
      "pulumi config set --stack prod --secret hcloud:token",
    );
    expect(fixCommand(need("homeport:domain"), "prod")).toBe(
      "pulumi config set --stack prod homeport:domain VALUE",
    );
  });
});

describe("given values", () => {
  it("come from the environment under the names that users know", () => {
    const env = { HCLOUD_TOKEN: "t", CLOUDFLARE_API_TOKEN: "", KAMAL_REGISTRY_PASSWORD: "p" };

    expect([...givenByEnvironment(env, new Map())]).toEqual([
      ["hcloud:token", ["t"]],
      ["homeport:registryPassword", ["p"]],
    ]);
  });

  it("never come from the environment of another cloud than the stack's", () => {
    const local = { HCLOUD_TOKEN: "t", HCLOUD_ENDPOINT: "http://127.0.0.1:4680/v1" };
    const config = new Map([["hcloud:endpoint", plain(local.HCLOUD_ENDPOINT)]]);

    expect(givenByEnvironment(local, new Map()).size).toBe(0);
    expect(givenByEnvironment({ HCLOUD_TOKEN: "t" }, config).size).toBe(0);
    expect(givenByEnvironment(local, config).get("hcloud:token")).toEqual(["t"]);
  });

  it("come from lines, with = in the value, and are overridden by what comes later", () => {
    const lines = givenByLines(
      "# comment\n\nHCLOUD_TOKEN=a=b\nSECRET_KEY_BASE=s\nhomeport:domain=example.org\n",
      runningCalendar,
    );

    expect(lines.get("hcloud:token")).toEqual(["a=b"]);
    expect(lines.get("homeport:secrets.SECRET_KEY_BASE")).toEqual(["s"]);
    expect(mergeGiven(lines, new Map([["homeport:domain", ["other.org"]]])).get("homeport:domain")).toEqual([
      "other.org",
    ]);
  });

  it("names every wrong line by number alone, since it may hold a secret", () => {
    const error = catchError(() =>
      givenByLines("hunter2-hunter2\nPOSTGRES_PASSWORD=hunter3\n", runningCalendar),
    );

    expect(error.problems).toHaveLength(2);
    expect(error.message).toContain("stdin line 2");
    expect(error.message).not.toContain("hunter");
    expect(error.exitCode).toBe(2);
  });
});

describe("keys", () => {
  it("are ed25519 pairs that OpenSSH's rules accept, with the comment", () => {
    const key = makeSshKey("operator@prod");
    const line = publicKeyLine(key.trimEnd(), "operator@prod");

    expect(privateKeyFault(key)).toBeUndefined();
    expect(publicKeyFault(line)).toBeUndefined();
    expect(line).toMatch(/^ssh-ed25519 \S+ operator@prod$/);
    expect(key.endsWith("\n")).toBe(true);
  });

  it("are new each time, and random secrets have the length of their rule", () => {
    expect(makeSshKey("a")).not.toBe(makeSshKey("a"));
    expect(makeRandom("hex:64")).toMatch(/^[0-9a-f]{128}$/);
    expect(makeRandom("hex:64")).not.toBe(makeRandom("hex:64"));
  });
});

function catchError(act: () => unknown): CliError {
  try {
    act();
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
