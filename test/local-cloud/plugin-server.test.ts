import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { buildSync } from "esbuild";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Secret } from "../../local-cloud/plugins/lib/values";
import { fromStruct, toStruct } from "../../local-cloud/plugins/lib/wire";

describe("server", () => {
  const dir = mkdtempSync(join(tmpdir(), "plugin-lib-"));
  const urn = "urn:pulumi:dev::test::test:index:Thing::one";
  let plugin: ChildProcess;
  let client: ResourceProviderClient;

  beforeAll(async () => {
    const outfile = join(dir, "plugin.js");
    buildSync({ entryPoints: ["test/support/sample-plugin.ts"], bundle: true, platform: "node", outfile });
    plugin = spawn(process.execPath, [outfile], { stdio: ["pipe", "pipe", "inherit"] });
    const [line] = (await once(plugin.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
    expect(line.toString()).toMatch(/^\d+\n$/);
    client = new ResourceProviderClient(`127.0.0.1:${line.toString().trim()}`, credentials.createInsecure());
  });
  afterAll(() => {
    client.close();
    plugin.kill("SIGKILL");
    rmSync(dir, { recursive: true });
  });

  type Done<T> = (error: Error | null, response: T) => void;
  const ask = <T>(call: (done: Done<T>) => unknown): Promise<T> =>
    new Promise((resolve, reject) => call((error, response) => (error ? reject(error) : resolve(response))));

  function createRequest(inputs: object): pb.CreateRequest {
    const request = new pb.CreateRequest();
    request.setUrn(urn);
    request.setProperties(toStruct(inputs));
    return request;
  }

  it("introduces itself: version, secrets, previews", async () => {
    const info = await ask<{ getVersion(): string }>((done) => client.getPluginInfo(new Empty(), done));
    const configured = await ask<pb.ConfigureResponse>((done) =>
      client.configure(new pb.ConfigureRequest(), done),
    );
    const schema = await ask<pb.GetSchemaResponse>((done) =>
      client.getSchema(new pb.GetSchemaRequest(), done),
    );

    expect(info.getVersion()).toBe("1.2.3");
    expect(configured.getAcceptsecrets() && configured.getSupportspreview()).toBe(true);
    expect(JSON.parse(schema.getSchema())).toMatchObject({
      name: "sample",
      resources: {
        "test:index:Thing": { inputProperties: { fail: { type: "string", replaceOnChanges: true } } },
      },
    });
  });

  it("creates, with secrets kept", async () => {
    const response = await ask<pb.CreateResponse>((done) =>
      client.create(createRequest({ password: new Secret("p") }), done),
    );

    expect(response.getId()).toBe("id-one");
    expect(fromStruct(response.getProperties())).toEqual({ password: new Secret("p") });
  });

  it("answers a diff by path, with replacement and its order", async () => {
    const request = new pb.DiffRequest();
    request.setUrn(urn);
    request.setOldInputs(toStruct({ fail: "a" }));
    request.setNews(toStruct({ fail: "b" }));
    const response = await ask<pb.DiffResponse>((done) => client.diff(request, done));

    expect(response.getChanges()).toBe(pb.DiffResponse.DiffChanges.DIFF_SOME);
    expect(response.getDetaileddiffMap().get("fail")?.getKind()).toBe(pb.PropertyDiff.Kind.UPDATE_REPLACE);
    expect(response.getReplacesList()).toEqual(["fail"]);
    expect(response.getDeletebeforereplace()).toBe(true);
  });

  it("fails with one line, and with what exists when something does", async () => {
    const failed = (kind: string): Promise<unknown> =>
      ask((done) => client.create(createRequest({ fail: kind }), done)).catch((error: unknown) => error);

    expect(await failed("wholly")).toMatchObject({ details: "it went wrong" });
    const partial = (await failed("partly")) as { metadata: { get(name: string): Buffer[] } };
    const status = Status.deserializeBinary(partial.metadata.get("grpc-status-details-bin")[0] as Buffer);
    const detail = pb.ErrorResourceInitFailed.deserializeBinary(
      status.getDetailsList()[0]?.getValue_asU8() as Uint8Array,
    );
    expect([detail.getId(), detail.getReasonsList()]).toEqual(["id-half", ["half done"]]);
    expect(status.getDetailsList()[0]?.getTypeName()).toBe("pulumirpc.ErrorResourceInitFailed");
  });

  it("never names a property to the engine, which would print its value", async () => {
    const request = new pb.CheckRequest();
    request.setUrn(urn);
    request.setNews(toStruct({ password: new Secret(["hunter2"]) }));
    const response = await ask<pb.CheckResponse>((done) => client.check(request, done));

    expect(response.getFailuresList().map((failure) => failure.toObject())).toEqual([
      { property: "", reason: "password: must be a string, got a list" },
    ]);
  });

  it("names the types it has when asked for another", async () => {
    const request = createRequest({});
    request.setUrn("urn:pulumi:dev::test::test:index:Other::one");

    await expect(ask((done) => client.create(request, done))).rejects.toThrow(
      "no resource type test:index:Other; it has test:index:Thing",
    );
  });

  it("cancels what runs, and ends when the engine is gone", async () => {
    const waiting = ask((done) => client.create(createRequest({ fail: "never" }), done));
    waiting.catch(() => undefined);
    await ask((done) => client.cancel(new Empty(), done));
    await expect(waiting).rejects.toThrow("cancelled");

    const ended = once(plugin, "exit");
    plugin.stdin?.end();
    await ended;
  });
});
