import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { CONFIG_KEYS } from "../../components/lib/config-keys";
import { messages, parseWith, validRaw } from "../support/valid-config";

function yaml(name: string): unknown {
  return parse(readFileSync(join(__dirname, "..", "..", name), "utf8"));
}

interface Schema {
  readonly config: Record<
    string,
    { readonly type: string; readonly description: string; readonly default: unknown }
  >;
}

const EMPTY: Readonly<Record<string, unknown>> = { string: "", array: [], object: {} };

describe("Pulumi.yaml", () => {
  const schema = (yaml("Pulumi.yaml") as Schema).config;

  it("declares exactly the keys that the program reads, each described", () => {
    const read = Object.keys(CONFIG_KEYS).flatMap((key) =>
      key.startsWith("homeport:") ? [key.slice(9)] : [],
    );

    expect(Object.keys(schema).sort()).toEqual(read.sort());
    for (const { description } of Object.values(schema)) expect(description.length).toBeGreaterThan(10);
  });

  it("gives each key the program's own default, and an empty one where the program has none", () => {
    for (const [name, { type, default: value }] of Object.entries(schema)) {
      const own = (CONFIG_KEYS as Record<string, { default?: string }>)[`homeport:${name}`]?.default;
      if (own === undefined) expect([name, value]).toEqual([name, EMPTY[type]]);
      else expect([name, String(value)]).toEqual([name, own]);
    }
  });
});

describe("Pulumi.prod.yaml", () => {
  const { config } = yaml("Pulumi.prod.yaml") as { config: Record<string, unknown> };
  const raw = Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );

  it("is S1's production (S1-3, S1-15), without a range or secret that only its owner can give", () => {
    expect(raw).toMatchObject({
      "homeport:domain": "mxcorre.com",
      "homeport:serverType": "cx23",
      "homeport:location": "nbg1",
      "homeport:serverImage": "ubuntu-24.04",
    });
    expect(config["homeport:images"]).toMatchObject({ db: "postgres:16" });
    expect(Object.keys(raw)).not.toContain("homeport:adminCidrs");
  });

  it("lacks only what its owner gives", () => {
    const absent = Object.fromEntries(Object.keys(validRaw()).map((key) => [key, undefined]));
    const lacking = messages(parseWith({ raw: { ...absent, ...raw } })).map(
      (message) => message.split(": ")[0],
    );

    expect(lacking.sort()).toEqual([
      "cloudflare:apiToken",
      "hcloud:token",
      "homeport:adminCidrs",
      "homeport:hostPrivateKey",
      "homeport:images.web",
      "homeport:operatorPrivateKey",
      "homeport:operatorPublicKey",
      "homeport:registryPassword",
      "homeport:registryUsername",
      "homeport:secrets.SECRET_KEY_BASE",
    ]);
  });
});
