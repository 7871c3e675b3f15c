import { describe, expect, it } from "vitest";
import { Asset, PartialFailure, UNKNOWN, type ResourceType } from "../../local-cloud/plugins/lib";
import { diffInputs } from "../../local-cloud/plugins/lib/diff";
import {
  checkResource,
  createResource,
  diffResource,
  previewOutputs,
  readResource,
  updateResource,
  type AnyResource,
} from "../../local-cloud/plugins/lib/lifecycle";
import { checkInputs, parseConfig, type PropertyTable } from "../../local-cloud/plugins/lib/schema";
import { decode, encode, Secret } from "../../local-cloud/plugins/lib/values";
import { fromStruct, toStruct } from "../../local-cloud/plugins/lib/wire";
import { recordedContext } from "../support/plugin-context";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const secret = (value: unknown): object => ({ [SIGNATURE]: "1b47061264138c4ac30d75fd1eb44270", value });
const UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const table: PropertyTable = {
  name: { type: "string", replaces: true },
  size: { type: "integer", default: 1 },
  password: { type: "string", secret: true },
  tags: { type: { map: "string" } },
  rules: {
    type: { list: { object: { port: { type: "integer", required: true }, note: { type: "string" } } } },
  },
  mode: { type: "string", values: ["on", "off"] },
};

interface Thing {
  name?: string;
  size?: number;
  password?: string;
  tags?: Record<string, string>;
  rules?: { port: number; note?: string }[];
}

type ThingState = Thing & { address: string; token: string };

function thingType(change: Partial<ResourceType<Thing, ThingState>> = {}): AnyResource {
  const type: ResourceType<Thing, ThingState> = {
    schema: {
      inputs: table,
      outputs: { address: { type: "string" }, token: { type: "string", secret: true } },
    },
    create: (inputs) =>
      Promise.resolve({ id: "1", outputs: { ...inputs, address: "198.18.0.10", token: "t" } }),
    update: (_id, state, news) => Promise.resolve({ ...state, ...news }),
    ...change,
  };
  return type;
}

describe("values", () => {
  it("reads secrets, unknown values, assets and output values, and writes them back", () => {
    const wire = {
      plain: [1, true, "x", null],
      hidden: secret({ deep: secret("s") }),
      later: UNKNOWN_STRING,
      file: { [SIGNATURE]: "c44067f5952c0a294b673a41bacd8c17", text: "hello", hash: "h" },
      known: { [SIGNATURE]: "d0e6a833031e9bbcd3f4e8bde6ca49a4", value: 5, secret: true },
      pending: { [SIGNATURE]: "d0e6a833031e9bbcd3f4e8bde6ca49a4" },
    };

    const values = decode(wire);

    expect(values).toEqual({
      plain: [1, true, "x", undefined],
      hidden: new Secret({ deep: new Secret("s") }),
      later: UNKNOWN,
      file: new Asset({ text: "hello", hash: "h" }),
      known: new Secret(5),
      pending: UNKNOWN,
    });
    expect(encode(values)).toEqual({ ...wire, known: secret(5), pending: UNKNOWN_STRING });
  });

  it("survive the protocol's own encoding", () => {
    const values = { a: new Secret(["x", UNKNOWN]), b: undefined, c: { d: 1.5 } };

    expect(fromStruct(toStruct(values))).toEqual({ a: new Secret(["x", UNKNOWN]), c: { d: 1.5 } });
  });
});

describe("check", () => {
  it("lists every fault by its path", () => {
    const failures = checkInputs(table, {
      colour: "red",
      size: 1.5,
      tags: { "a.b": 1 },
      rules: [{ note: "x", extra: true }, "no"],
      mode: new Secret("maybe"),
    });

    expect(failures.map(({ property, reason }) => `${property}: ${reason}`)).toEqual([
      'colour: unexpected property "colour"; known are mode, name, password, rules, size, tags',
      "size: must be an integer, got a number",
      'tags["a.b"]: must be a string, got a number',
      'rules[0].extra: unexpected property "extra"; known are note, port',
      'rules[0].port: missing required property "port"',
      "rules[1]: must be an object, got a string",
      "mode: must be one of on, off",
    ]);
  });

  it("lets unknown values pass, and keeps them unknown beside defaults and secrets", () => {
    const { inputs, failures } = checkResource(
      thingType(),
      {},
      { name: UNKNOWN, password: UNKNOWN, rules: UNKNOWN },
      "n",
    );

    expect(failures).toEqual([]);
    expect(inputs).toEqual({ name: UNKNOWN, password: new Secret(UNKNOWN), rules: UNKNOWN, size: 1 });
  });

  it("runs the type's own checks on plain values, after the schema's", () => {
    const type = thingType({ check: (news) => [{ property: "password", reason: `saw ${news.password}` }] });

    expect(checkResource(type, {}, { password: new Secret("p") }, "n").failures).toEqual([
      { property: "password", reason: "saw p" },
    ]);
    expect(checkResource(type, {}, { bad: 1 }, "n").failures).toHaveLength(1);
  });

  it("makes up a name once, and a new one for a replacement, which is checked without old inputs", () => {
    const type = thingType({ autoname: "name" });
    const check = (olds: object): Record<string, unknown> =>
      checkResource(type, { ...olds }, {}, "web").inputs;

    const first = check({});
    expect(first["name"]).toMatch(/^web-[0-9a-f]{7}$/);
    expect(check(first)["name"]).toBe(first["name"]);
    expect(check({})["name"]).not.toBe(first["name"]);
    expect(check({ name: "explicit" })["name"]).not.toBe("explicit");
    expect(checkResource(type, first, { name: "mine" }, "web").inputs).toEqual({ name: "mine", size: 1 });
    expect(checkResource(type, {}, {}, "web", { proposed: "p", mode: "propose" }).inputs["name"]).toBe("p");
    expect(
      checkResource(type, {}, {}, "web", { proposed: "", mode: "disable" }).inputs["name"],
    ).toBeUndefined();
  });
});

describe("diff", () => {
  const diff = (olds: object, news: object): string[] =>
    diffInputs(table, { ...olds }, { ...news }).map(
      ({ path, kind, replaces }) => `${kind}${replaces ? "!" : ""} ${path}`,
    );

  it("names each changed property, nested ones by their path", () => {
    expect(diff({ size: 1 }, { size: 1 })).toEqual([]);
    expect(diff({ name: "a", size: 1 }, { name: "b" })).toEqual(["update! name", "delete size"]);
    expect(diff({ tags: { a: "1", "b.c": "2" } }, { tags: { a: "3" } })).toEqual([
      "update tags.a",
      'delete tags["b.c"]',
    ]);
    expect(diff({ rules: [{ port: 1 }] }, { rules: [{ port: 2 }, { port: 3 }] })).toEqual([
      "update rules[0].port",
      "add rules[1]",
    ]);
    expect(diff({ name: "a" }, { name: UNKNOWN })).toEqual(["update! name"]);
  });

  it("knows assets by their hash, and sets whatever their order", () => {
    const any: PropertyTable = {
      file: { type: "asset" },
      ports: { type: { set: "integer" }, replaces: true },
    };
    const asset = (text: string, hash: string): object => ({ file: new Asset({ text, hash }) });

    expect(diffInputs(any, { ...asset("a", "1") }, { ...asset("b", "1") })).toEqual([]);
    expect(diffInputs(any, { ...asset("a", "1") }, { ...asset("a", "2") })).toHaveLength(1);
    expect(diffInputs(any, { ports: [1, 2] }, { ports: [2, 1] })).toEqual([]);
    expect(diffInputs(any, { ports: [1, 2] }, { ports: [3, 2] })).toEqual([
      { path: "ports[0]", kind: "update", replaces: true },
    ]);
  });

  it("leaves ignored properties out, compares secrets by value, and replaces what cannot be updated", () => {
    const olds = { password: new Secret("p"), tags: { a: "1" } };
    const news = { password: "p", tags: { a: "2" } };

    expect(diffResource(thingType(), "1", {}, olds, news, ["tags"])).toEqual([]);
    expect(diffResource(thingType({ update: undefined }), "1", {}, olds, news, [])).toEqual([
      { path: "tags.a", kind: "update", replaces: true },
    ]);
  });
});

describe("life of a resource", () => {
  const context = recordedContext();

  it("hands plain values to the type and gives secrets back as secrets", async () => {
    let seen: unknown;
    const type = thingType({
      create: (inputs) => {
        seen = inputs;
        return Promise.resolve({ id: "1", outputs: { ...inputs, address: "a", token: "t" } });
      },
    });
    const inputs = { password: new Secret("p"), tags: { open: "x", hidden: new Secret("y") } };

    const { outputs } = await createResource(type, inputs, context);

    expect(seen).toEqual({ password: "p", tags: { open: "x", hidden: "y" } });
    expect(outputs).toEqual({ ...inputs, address: "a", token: new Secret("t") });
    expect(await updateResource(type, "1", outputs, inputs, { ...inputs, size: 2 }, context)).toEqual({
      ...outputs,
      size: 2,
    });
  });

  it("previews a creation with unknown outputs, an update with the old ones", () => {
    expect(previewOutputs(thingType(), { size: 1 })).toEqual({
      size: 1,
      address: UNKNOWN,
      token: new Secret(UNKNOWN),
    });
    expect(
      previewOutputs(thingType(), { size: 2 }, { size: 1, address: "a", token: new Secret("t") }),
    ).toEqual({
      size: 2,
      address: "a",
      token: new Secret("t"),
    });
  });

  it("reads drift into the old inputs, and nothing but them", async () => {
    const found = { name: "n", size: 7, tags: { a: "changed", b: "new" }, address: "a", token: "t" };
    const type = thingType({ read: (id) => Promise.resolve({ id, outputs: found }) });

    const result = await readResource(type, "1", { size: 1, tags: { a: new Secret("1") } }, {}, context);
    expect(result?.inputs).toEqual({ size: 7, tags: { a: new Secret("changed") } });
    expect(result?.outputs).toMatchObject({ name: "n", token: new Secret("t") });
    const imported = await readResource(type, "1", {}, {}, context);
    expect(imported?.inputs).toEqual({ name: "n", size: 7, tags: found.tags });
  });

  it("keeps the state of a type that cannot be read, and forgets what is gone", async () => {
    const state = { size: 1, address: "a", token: new Secret("t") };

    expect(await readResource(thingType(), "1", { size: 1 }, state, context)).toEqual({
      id: "1",
      inputs: { size: 1 },
      outputs: state,
    });
    const gone = thingType({ read: () => Promise.resolve(undefined) });
    expect(await readResource(gone, "1", { size: 1 }, state, context)).toBeUndefined();
  });

  it("reads provider configuration, where everything but text is JSON", () => {
    const config: PropertyTable = {
      options: { type: { list: "string" } },
      quick: { type: "boolean" },
      host: { type: "string" },
    };
    const parsed = parseConfig(config, { options: new Secret('["-F","x"]'), quick: "true", host: "true" });

    expect(parsed).toEqual({ options: new Secret(["-F", "x"]), quick: true, host: "true" });
  });

  it("keeps the secrets of a resource that exists but failed", async () => {
    const type = thingType({
      create: () => Promise.reject(new PartialFailure("1", { token: "t" }, "not ready")),
    });

    const failure = await createResource(type, {}, context).catch((error: unknown) => error);
    expect(failure).toMatchObject({ id: "1", outputs: { token: new Secret("t") }, message: "not ready" });
  });
});
