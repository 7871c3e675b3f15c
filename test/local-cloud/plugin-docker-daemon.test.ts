import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { containerType } from "../../local-cloud/plugins/docker/container";
import type { ContainerInputs } from "../../local-cloud/plugins/docker/inputs";
import { networkType } from "../../local-cloud/plugins/docker/network";
import { dockerPlugin } from "../../local-cloud/plugins/docker/plugin";
import { remoteImageType } from "../../local-cloud/plugins/docker/remote-image";
import { Session } from "../../local-cloud/plugins/docker/session";
import { volumeType } from "../../local-cloud/plugins/docker/volume";
import { PartialFailure } from "../../local-cloud/plugins/lib";
import { checkResource, diffResource, type AnyResource } from "../../local-cloud/plugins/lib/lifecycle";
import { withDefaults } from "../../local-cloud/plugins/lib/schema";
import { containerInfo, FakeDocker } from "../support/fake-docker";
import { recordedContext } from "../support/plugin-context";

let daemon: FakeDocker;
let session: Session;
const context = recordedContext();

beforeEach(async () => {
  daemon = await new FakeDocker().listen();
  session = new Session();
  session.configure({
    host: daemon.host,
    registryAuth: [{ address: "ghcr.io", username: "u", password: "canary" }],
  });
});
afterEach(() => daemon.close());

const complete = (type: unknown, inputs: object): never =>
  withDefaults((type as AnyResource).schema.inputs, { ...inputs }) as never;

/** A daemon that has the image and takes any container. */
function takesContainers(info: () => object = () => containerInfo({})): void {
  daemon
    .on("GET", /^\/images\/.*\/json/, () => ({ body: { Id: "sha256:abc", RepoDigests: [] } }))
    .on("POST", /^\/containers\/create/, () => ({ status: 201, body: { Id: "c1" } }))
    .on("POST", /^\/containers\/c1\/(start|stop|update)/, () => ({ status: 204 }))
    .on("DELETE", /^\/containers\/c1/, () => ({ status: 204 }))
    .on("PUT", /^\/containers\/c1\/archive/, () => ({}))
    .on("POST", /^\/networks\/[^/]+\/(connect|disconnect)/, () => ({}))
    .on("GET", /^\/containers\/c1\/json/, () => ({ body: info() }));
}

describe("a container", () => {
  const create = (inputs: object): Promise<{ id: string; outputs: ContainerInputs }> => {
    const type = containerType(session);
    return type.create(complete(type, { image: "app:1", name: "web-1234567", ...inputs }), context);
  };

  it("is created, put on its networks, given its files and started, in this order", async () => {
    takesContainers();
    await create({
      networksAdvanced: [{ name: "net", aliases: ["web"], ipv4Address: "172.20.0.5" }],
      uploads: [{ file: "/etc/x", content: "hello", permissions: "0600" }],
    });
    const steps = daemon.calls
      .filter(({ method }) => method !== "GET")
      .map(({ method, url }) => `${method} ${url.split("?")[0]}`);
    expect(steps).toEqual([
      "POST /containers/create", "POST /networks/bridge/disconnect", "POST /networks/net/connect",
      "PUT /containers/c1/archive", "POST /containers/c1/start",
    ]); // prettier-ignore
    expect(daemon.asked("POST", /net\/connect/)[0]?.body).toEqual({
      Container: "c1",
      EndpointConfig: { Aliases: ["web"], IPAMConfig: { IPv4Address: "172.20.0.5" } },
    });
    const archive = (daemon.asked("PUT", /archive/)[0]?.body as Buffer).toString();
    expect(archive).toContain("/etc/x");
    expect(archive).toMatch(/000600/);
    expect(archive).toContain("hello");
  });

  it("keeps secrets out of the address of a call", async () => {
    takesContainers();
    await create({ envs: ["PASSWORD=canary"] });
    const call = daemon.asked("POST", /create/)[0];
    expect(call?.url).toBe("/containers/create?name=web-1234567");
    expect(call?.body).toMatchObject({ Env: ["PASSWORD=canary"] });
  });

  it("shows what the daemon filled in, and makes no diff of it", async () => {
    takesContainers();
    const type = containerType(session) as unknown as AnyResource;
    const inputs = complete(type, { image: "app:1", name: "web-1234567" });
    const { outputs } = await create({});
    expect(outputs).toMatchObject({
      hostname: "c1", command: ["serve"], entrypoints: [], ipcMode: "private", logDriver: "json-file", runtime: "runc",
      shmSize: 64, stopSignal: "SIGQUIT", securityOpts: [], platform: "linux", user: "app", workingDir: "/srv",
    }); // prettier-ignore
    expect(diffResource(type, "c1", outputs as never, inputs, inputs, [])).toEqual([]);
    const read = await type.read?.("c1", outputs, context);
    expect(diffResource(type, "c1", read?.outputs as never, inputs, inputs, [])).toEqual([]);
  });

  it("waits until its healthcheck says healthy", async () => {
    const answers = ["starting", "unhealthy", "healthy"];
    takesContainers(() => containerInfo({ state: { Health: { Status: answers.shift() ?? "healthy" } } }));
    await create({ wait: true });
    expect(answers).toEqual([]);
  });

  it("fails when it is not healthy in time, and stays where and as it is", async () => {
    takesContainers(() => containerInfo({ state: { Running: false, Health: { Status: "unhealthy" } } }));
    const failure: unknown = await create({ wait: true, waitTimeout: 1 }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PartialFailure);
    expect(failure).toMatchObject({
      id: "c1",
      message: "container failed to be in healthy state",
      outputs: { image: "app:1" },
    });
    expect(daemon.asked("DELETE", /containers/)).toEqual([]);
  });

  it("says so when there is no healthcheck to wait for", async () => {
    takesContainers();
    await expect(create({ wait: true })).rejects.toThrow("does not have a healthcheck defined");
  });

  it("is stopped with its grace, at once without one, then removed with its nameless volumes", async () => {
    takesContainers();
    const type = containerType(session);
    await type.delete?.("c1", { image: "a" }, context);
    await type.delete?.("c1", { image: "a", destroyGraceSeconds: 60, removeVolumes: false }, context);
    const urls = daemon.calls.filter(({ url }) => /stop|c1\?/.test(url)).map(({ url }) => url);
    expect(urls).toEqual([
      "/containers/c1/stop?t=0", "/containers/c1?v=true&force=true",
      "/containers/c1/stop?t=60", "/containers/c1?v=false&force=true",
    ]); // prettier-ignore
  });

  it("may be gone or stopped already when it is deleted", async () => {
    const type = containerType(session);
    await type.delete?.("c1", { image: "a" }, context);
    takesContainers();
    daemon.on("POST", /stop/, () => ({ status: 304 }));
    await expect(type.delete?.("c1", { image: "a" }, context)).resolves.toBeUndefined();
  });

  it("is updated in place in its limits, and started again when it must run", async () => {
    takesContainers();
    const type = containerType(session);
    const state = complete(type, { image: "a", mustRun: false, hostname: "c1" });
    const outputs = await type.update?.(
      "c1",
      state,
      complete(type, { image: "a", memory: 64, restart: "always" }),
      context,
      state,
    );
    expect(outputs).toMatchObject({ memory: 64, restart: "always", mustRun: true, hostname: "c1" });
    expect(daemon.asked("POST", /c1\/start/)).toHaveLength(1);
    expect(daemon.asked("POST", /c1\/update/)[0]?.body).toMatchObject({
      Memory: 67_108_864,
      RestartPolicy: { Name: "always" },
    });
  });

  it("that stopped though it must run shows as a change; one that is gone is gone", async () => {
    takesContainers(() => containerInfo({ state: { Running: false, ExitCode: 137 } }));
    const type = containerType(session);
    const read = await type.read?.("c1", { image: "app:1", mustRun: true }, context);
    expect(read?.outputs).toMatchObject({ mustRun: false, exitCode: 137 });
    expect(await type.read?.("c2", { image: "app:1" }, context)).toBeUndefined();
  });

  it("makes up a name that is left out, keeps one that is given, and deletes before it replaces", () => {
    const type = containerType(session) as unknown as AnyResource;
    expect(checkResource(type, {}, { image: "a" }, "web").inputs["name"]).toMatch(/^web-[0-9a-f]{7}$/);
    expect(checkResource(type, {}, { image: "a", name: "db" }, "web").inputs["name"]).toBe("db");
    expect(type.deleteBeforeReplace?.({})).toBe(true);
  });

  it("refuses inputs that the published plugin lacks", () => {
    const type = containerType(session) as unknown as AnyResource;
    const { failures } = checkResource(type, {}, { image: "a", env: ["A=1"] }, "web");
    expect(failures.map(({ property }) => property)).toEqual(["env"]);
  });
});

describe("an image", () => {
  it("is pulled with the login of its own registry, and not pulled when it is there", async () => {
    let there = false;
    daemon
      .on("GET", /^\/images\/.*\/json/, () =>
        there
          ? { body: { Id: "sha256:abc", RepoDigests: ["ghcr.io/o/app@sha256:1"] } }
          : { status: 404, body: { message: "No such image" } },
      )
      .on("POST", /^\/images\/create/, () => ((there = true), { body: {} }));
    const type = remoteImageType(session);
    const inputs = complete(type, { name: "ghcr.io/o/app:1" });
    const { id, outputs } = await type.create(inputs, context);
    expect([id, outputs.imageId, outputs.repoDigest]).toEqual([
      "sha256:abcghcr.io/o/app:1",
      "sha256:abc",
      "ghcr.io/o/app@sha256:1",
    ]);
    const pull = daemon.asked("POST", /images\/create/)[0];
    const auth: unknown = JSON.parse(
      Buffer.from(String(pull?.headers["x-registry-auth"]), "base64url").toString(),
    );
    expect(auth).toEqual({ username: "u", password: "canary", serveraddress: "https://ghcr.io" });
    expect(pull?.url).not.toContain("canary");
    await type.create(inputs, context);
    expect(daemon.asked("POST", /images\/create/)).toHaveLength(1);
  });

  it("is left on the host with keepLocally, else removed; in use, that fails", async () => {
    daemon
      .on("GET", /^\/images\/.*\/json/, () => ({ body: { Id: "sha256:abc" } }))
      .on("DELETE", /^\/images/, () => ({ status: 409, body: { message: "conflict: image is being used" } }));
    const type = remoteImageType(session);
    await type.delete?.("i", { name: "app:1", keepLocally: true }, context);
    expect(daemon.asked("DELETE", /images/)).toEqual([]);
    await expect(type.delete?.("i", { name: "app:1" }, context)).rejects.toThrow(
      "conflict: image is being used",
    );
  });

  it("says what the daemon says when it cannot be pulled", async () => {
    daemon.on("POST", /^\/images\/create/, () => ({ status: 404, body: { message: "pull access denied" } }));
    const type = remoteImageType(session);
    await expect(type.create(complete(type, { name: "ghcr.io/o/app:1" }), context)).rejects.toThrow(
      "Unable to read Docker image into resource: unable to pull image ghcr.io/o/app:1: error pulling image " +
        "ghcr.io/o/app:1: Error response from daemon: pull access denied",
    );
  });
});

describe("networks and volumes", () => {
  it("a network is read back without a diff, and gone when the daemon does not know it", async () => {
    daemon
      .on("POST", /^\/networks\/create/, () => ({ status: 201, body: { Id: "n1" } }))
      .on("GET", /^\/networks\/n1/, () => ({
        body: { Id: "n1", Name: "net", Driver: "bridge", Scope: "local", IPAM: { Driver: "default", Options: null, Config: [{ Subnet: "172.20.0.0/16" }] }, Options: {}, Labels: { a: "b" } },
      })); // prettier-ignore
    const type = networkType(session);
    const inputs = complete(type, { name: "net", labels: [{ label: "a", value: "b" }] });
    const { outputs } = await type.create(inputs, context);
    expect(outputs).toMatchObject({
      driver: "bridge",
      ipamConfigs: [{ subnet: "172.20.0.0/16" }],
      scope: "local",
    });
    expect(diffResource(type as unknown as AnyResource, "n1", outputs as never, inputs, inputs, [])).toEqual(
      [],
    );
    expect(await type.read?.("n2", {}, context)).toBeUndefined();
  });

  it("a network in use is asked again until it can go", async () => {
    let tries = 0;
    daemon
      .on("GET", /^\/networks\/n1/, () => ({ body: { Id: "n1" } }))
      .on("DELETE", /^\/networks\/n1/, () =>
        ++tries < 2
          ? { status: 403, body: { message: "network net has active endpoints" } }
          : { status: 204 },
      );
    await networkType(session).delete?.("n1", {}, context);
    expect(tries).toBe(2);
  });

  it("a volume's id is its name, and what is secret in its options stays out of the address", async () => {
    const volume = {
      Name: "data",
      Driver: "local",
      Mountpoint: "/v/data",
      Options: { o: "canary" },
      Labels: null,
    };
    daemon
      .on("POST", /^\/volumes\/create/, () => ({ status: 201, body: volume }))
      .on("GET", /^\/volumes\/data/, () => ({ body: volume }));
    const type = volumeType(session);
    const created = await type.create(complete(type, { name: "data", driverOpts: { o: "canary" } }), context);
    expect(created).toMatchObject({ id: "data", outputs: { name: "data", mountpoint: "/v/data" } });
    expect(daemon.asked("POST", /volumes/)[0]?.url).not.toContain("canary");
    expect(await type.read?.("other", {}, context)).toBeUndefined();
  });

  it("of a name given by the program are deleted before they are replaced, made-up names after", () => {
    for (const type of [networkType(session), volumeType(session)] as unknown as AnyResource[]) {
      const made = checkResource(type, {}, {}, "x").inputs;
      expect(made["name"]).toMatch(/^x-[0-9a-f]{7}$/);
      expect(type.deleteBeforeReplace?.(made)).toBe(false);
      expect(type.deleteBeforeReplace?.(checkResource(type, {}, { name: "x" }, "x").inputs)).toBe(true);
    }
  });
});

describe("a daemon that does not answer", () => {
  it("is one clear error with the address, or with what ssh says", async () => {
    session.configure({ host: "unix:///nonexistent/docker.sock" });
    await expect(containerType(session).read?.("c1", { image: "a" }, context)).rejects.toThrow(
      /make sure that unix:\/\/\/nonexistent\/docker.sock is reachable/,
    );
    session.configure({
      host: "ssh://ops@127.0.0.1:1",
      sshOpts: ["-F", "/dev/null"],
      disableDockerDaemonCheck: true,
    });
    await expect(containerType(session).read?.("c1", { image: "a" }, context)).rejects.toThrow(
      /ssh -F \/dev\/null .* has exited with exit status 255.*stderr=.*Connection refused/,
    );
  });

  it("is not asked when the plugin is configured", () => {
    expect(() => dockerPlugin(session).configure?.({ host: "ssh://nobody@192.0.2.1" })).not.toThrow();
  });
});
