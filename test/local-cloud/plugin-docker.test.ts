import { describe, expect, it } from "vitest";
import { checkContainer } from "../../local-cloud/plugins/docker/container-check";
import { containerInputs } from "../../local-cloud/plugins/docker/container-table";
import { createRequest } from "../../local-cloud/plugins/docker/create-body";
import { repoDigest } from "../../local-cloud/plugins/docker/images";
import type { ContainerInputs } from "../../local-cloud/plugins/docker/inputs";
import { planChanges } from "../../local-cloud/plugins/docker/plan";
import { imageParts, loginFor, loginsOf } from "../../local-cloud/plugins/docker/registry-auth";
import { sshArguments } from "../../local-cloud/plugins/docker/ssh-stream";
import * as tables from "../../local-cloud/plugins/docker/tables";
import { formatDuration, parseCpus, parseDuration } from "../../local-cloud/plugins/docker/units";
import { withDefaults } from "../../local-cloud/plugins/lib/schema";
import { UNKNOWN } from "../../local-cloud/plugins/lib/values";
import { inputDifferences } from "../support/published-inputs";

const complete = (inputs: object): ContainerInputs => withDefaults(containerInputs, { ...inputs }) as never;

describe("the docker stand-in's inputs", () => {
  it.each([
    ["container", "ContainerArgs", containerInputs],
    ["network", "NetworkArgs", tables.networkInputs],
    ["provider", "ProviderArgs", tables.providerConfig],
    ["tag", "TagArgs", tables.tagInputs],
  ] as const)("are the published package's: %s", (file, name, table) => {
    expect(inputDifferences("@pulumi/docker", `${file}.d.ts`, name, table)).toEqual([]);
  });

  it.each([
    ["volume", "VolumeArgs", tables.volumeInputs, "cluster"],
    ["remoteImage", "RemoteImageArgs", tables.remoteImageInputs, "build"],
    ["registryImage", "RegistryImageArgs", tables.registryImageInputs, "build"],
  ] as const)(
    "are the published package's but for the one that is refused: %s",
    (file, name, table, refused) => {
      const differences = inputDifferences("@pulumi/docker", `${file}.d.ts`, name, table);
      expect(differences.filter((line) => !line.startsWith(`${refused}:`))).toEqual([]);
    },
  );

  it("replace a container all but these", () => {
    const kept = Object.keys(containerInputs).filter((key) => !containerInputs[key]?.replaces);
    expect(kept).toEqual([
      "attach", "containerReadRefreshTimeoutMilliseconds", "cpuPeriod", "cpuQuota", "cpuSet", "cpuShares",
      "destroyGraceSeconds", "deviceReadBps", "deviceReadIops", "deviceWriteBps", "deviceWriteIops",
      "healthcheck", "init", "logs", "maxRetryCount", "memory", "memoryReservation", "memorySwap", "mustRun",
      "removeVolumes", "restart", "rm", "start", "tmpfs", "wait", "waitTimeout",
    ]); // prettier-ignore
  });

  it("are all checked at once, and what a preview does not know passes", () => {
    const faulty = {
      image: "a",
      restart: "sometimes",
      memory: -1,
      healthcheck: { interval: "soon", retries: -1 },
      mounts: [{ target: "/a", type: "nfs" }],
      uploads: [{ file: "/x", contentBase64: "%%canary%%", permissions: "777" }],
    };
    const failures = checkContainer(faulty);
    expect(failures.map(({ property }) => property).sort()).toEqual([
      "healthcheck.interval", "healthcheck.retries", "memory", "mounts[0].type", "restart",
      "uploads[0].contentBase64", "uploads[0].permissions",
    ]); // prettier-ignore
    expect(JSON.stringify(failures)).not.toContain("canary");
    const unknown = Object.fromEntries(Object.keys(containerInputs).map((key) => [key, UNKNOWN]));
    expect(checkContainer(unknown as never)).toEqual([]);
  });
});

describe("the create call", () => {
  it("sends only what the program wrote, besides what Docker's provider always sends", () => {
    const { query, body } = createRequest(complete({ image: "app:1", name: "web-1234567" }), "1.41");
    expect(query).toEqual({ name: "web-1234567" });
    expect(body).toEqual({
      Image: "app:1",
      Hostname: "",
      Domainname: "",
      Tty: false,
      OpenStdin: false,
      HostConfig: {
        Privileged: false,
        PublishAllPorts: false,
        RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
        Mounts: [],
        AutoRemove: false,
        ReadonlyRootfs: false,
        LogConfig: { Type: "", Config: {} },
        NetworkMode: "bridge",
        Init: false,
        CpuShares: 0,
        Memory: 0,
        MemoryReservation: 0,
        CpusetCpus: "",
      },
    });
  });

  it("maps ports, binds, mounts, sizes, times and limits", () => {
    const inputs = complete({
      image: "app:1",
      ports: [{ internal: 80, external: 8080, ip: "127.0.0.1" }, { internal: 53, protocol: "udp" }],
      volumes: [{ volumeName: "data", containerPath: "/data" }, { hostPath: "/etc/x", containerPath: "/x", readOnly: true, selinuxRelabel: "z" }, { containerPath: "/anon" }, { fromContainer: "other" }],
      mounts: [{ type: "tmpfs", target: "/t", tmpfsOptions: { sizeBytes: 10, mode: 0o1777 } }, { type: "bind", source: "/a", target: "/b", readOnly: true, bindOptions: { propagation: "rprivate" } }],
      healthcheck: { tests: ["CMD", "true"], interval: "1m30s", retries: 3 },
      memory: 64, memorySwap: -1, shmSize: 2, cpus: "0.5", securityOpts: ["systempaths=unconfined", "no-new-privileges"],
      devices: [{ hostPath: "/dev/fuse" }], labels: [{ label: "a", value: "b" }], hosts: [{ host: "h", ip: "198.51.100.1" }],
    }); // prettier-ignore
    const { body } = createRequest(inputs, "1.41");
    expect(body.ExposedPorts).toEqual({ "80/tcp": {}, "53/udp": {} });
    expect(body.Volumes).toEqual({ "/data": {}, "/x": {}, "/anon": {} });
    expect(body.Labels).toEqual({ a: "b" });
    expect(body.Healthcheck).toEqual({
      Test: ["CMD", "true"],
      Interval: 90e9,
      Timeout: 0,
      StartPeriod: 0,
      Retries: 3,
    });
    expect(body.HostConfig).toMatchObject({
      PortBindings: {
        "80/tcp": [{ HostPort: "8080", HostIp: "127.0.0.1" }],
        "53/udp": [{ HostPort: "0", HostIp: "0.0.0.0" }],
      },
      Binds: ["data:/data:rw", "/etc/x:/x:ro,z"],
      VolumesFrom: ["other"],
      Mounts: [
        { Type: "tmpfs", Target: "/t", TmpfsOptions: { SizeBytes: 10, Mode: 0o1777 } },
        {
          Type: "bind",
          Source: "/a",
          Target: "/b",
          ReadOnly: true,
          BindOptions: { Propagation: "rprivate" },
        },
      ],
      Memory: 64 * 1024 * 1024,
      MemorySwap: -1,
      ShmSize: 2 * 1024 * 1024,
      NanoCpus: 5e8,
      SecurityOpt: ["no-new-privileges"],
      MaskedPaths: [],
      ReadonlyPaths: [],
      Devices: [{ PathOnHost: "/dev/fuse", PathInContainer: "/dev/fuse", CgroupPermissions: "rwm" }],
      ExtraHosts: ["h:198.51.100.1"],
    });
  });

  it("refuses what it cannot map instead of leaving it out", () => {
    const gpus = complete({ image: "a", gpus: "2,driver=nvidia" });
    expect(() => createRequest(gpus, "1.41")).toThrow(/gpus/);
    const options = complete({
      image: "a",
      mounts: [{ type: "volume", target: "/d", volumeOptions: { noCopy: true } }],
    });
    expect(() => createRequest(options, "1.41")).toThrow("requires docker version 1.45");
    expect(() => createRequest(options, "1.45")).not.toThrow();
  });
});

describe("a container's diff", () => {
  const paths = (state: object, news: object): string[] =>
    planChanges(containerInputs, complete(state) as never, complete(news) as never).map(
      ({ path, replaces }) => (replaces ? `${path}!` : path),
    );
  const read = {
    image: "app:1", hostname: "c1", entrypoints: ["x"], command: ["y"], ipcMode: "private", logDriver: "json-file",
    runtime: "runc", securityOpts: ["label=disable"], shmSize: 64, stopSignal: "SIGQUIT", stopTimeout: 10,
    platform: "linux", envs: ["A=1"], labels: [{ label: "l", value: "v" }], init: true, user: "app", workingDir: "/srv",
    healthcheck: { tests: ["CMD", "z"], interval: "1m0s" }, memory: 0, cpuSet: "", dns: [], exitCode: 1,
  }; // prettier-ignore

  it("says nothing of what the daemon filled in", () => {
    expect(paths(read, { image: "app:1" })).toEqual([]);
  });

  it("says nothing of an order that means nothing, or of zeros", () => {
    const state = {
      image: "a",
      envs: ["A=1", "B=2"],
      ports: [
        { internal: 80, external: 32768, ip: "0.0.0.0", protocol: "tcp" },
        { internal: 443, external: 443 },
      ],
      mounts: [{ type: "bind", target: "/a", source: "/b" }],
    };
    const news = {
      image: "a",
      envs: ["B=2", "A=1"],
      ports: [{ internal: 443, external: 443 }, { internal: 80 }],
      mounts: [{ type: "bind", target: "/a", source: "/b", readOnly: false }],
      memory: 0,
      dns: [],
    };
    expect(paths(state, news)).toEqual([]);
  });

  it("replaces for what a container is made of and updates its limits in place", () => {
    expect(paths({ image: "a" }, { image: "b" })).toEqual(["image!"]);
    expect(paths({ image: "a", envs: ["A=1"] }, { image: "a", envs: ["A=2"] })).toEqual(["envs!"]);
    expect(paths({ image: "a" }, { image: "a", memory: 64, restart: "always", cpuShares: 2 })).toEqual([
      "cpuShares",
      "memory",
      "restart",
    ]);
    expect(paths({ image: "a", command: ["x", "y"] }, { image: "a", command: ["y", "x"] })).toEqual([
      "command!",
    ]);
  });

  it("shows the traps of the published plugin: unset swap beside memory, 60s for 1m0s", () => {
    expect(paths({ image: "a", memory: 64, memorySwap: 128 }, { image: "a", memory: 64 })).toEqual([
      "memorySwap",
    ]);
    const state = { image: "a", healthcheck: { interval: "1m0s" } };
    expect(paths(state, { image: "a", healthcheck: { interval: "60s" } })).toEqual(["healthcheck"]);
  });

  it("counts what is not known yet as a change", () => {
    expect(paths({ image: "a" }, { image: UNKNOWN })).toEqual(["image!"]);
  });
});

describe("the connection over ssh", () => {
  it("is docker's own command line, the program's options first", () => {
    expect(sshArguments("ssh://ops@198.51.100.7:2222", ["-F", ".homeport/local/ssh_config"]).join(" ")).toBe(
      "-F .homeport/local/ssh_config -o ConnectTimeout=30 -T -l ops -p 2222 -- 198.51.100.7 docker system dial-stdio",
    );
    expect(sshArguments("ssh://host/run/user/1/docker.sock", ["-o", "ConnectTimeout=5"]).join(" ")).toBe(
      "-o ConnectTimeout=5 -T -- host docker --host=unix:///run/user/1/docker.sock system dial-stdio",
    );
  });

  it("takes no password and no query", () => {
    expect(() => sshArguments("ssh://ops:canary@host", [])).toThrow("plain-text password is not supported");
    expect(() => sshArguments("ssh://host?x=1", [])).toThrow("query and fragment");
  });
});

describe("names and units", () => {
  it.each([
    ["postgres:16", "registry-1.docker.io", "library/postgres", "16"],
    ["ghcr.io/o/app@sha256:ab", "ghcr.io", "o/app", "sha256:ab"],
    ["ghcr.io/o/app:1@sha256:ab", "ghcr.io", "o/app", "sha256:ab"],
    ["localhost:5000/app", "localhost:5000", "app", "latest"],
    ["user/app:2", "registry-1.docker.io", "user/app", "2"],
  ])("reads an image's name: %s", (name, registry, repository, tag) => {
    expect(imageParts(name)).toEqual({ registry, repository, tag });
  });

  it("finds a login by its registry, Docker Hub's under any name", () => {
    const logins = loginsOf([
      { address: "https://ghcr.io/", username: "u", password: "p" },
      { address: "docker.io", username: "h", password: "q" },
    ]);
    expect(loginFor("ghcr.io", logins)).toEqual({
      username: "u",
      password: "p",
      serveraddress: "https://ghcr.io",
    });
    expect(loginFor("registry-1.docker.io", logins)?.username).toBe("h");
    expect(loginFor("quay.io", logins)).toBeUndefined();
  });

  it("names the digest of the image's own repository", () => {
    const digests = ["a/x@sha256:1", "ghcr.io/o/app@sha256:2"];
    expect(repoDigest("ghcr.io/o/app:1", digests)).toBe("ghcr.io/o/app@sha256:2");
    expect(repoDigest("other:1", [])).toBe("");
  });

  it("reads and prints durations as Go does", () => {
    expect(["1m30s", "500ms", "0", "1.5h", "-2s"].map(parseDuration)).toEqual([90e9, 5e8, 0, 5400e9, -2e9]);
    expect(["", "5", "soon", "1m 2s"].map(parseDuration)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect([0, 60e9, 3600e9, 5e8, 15e8].map(formatDuration)).toEqual([
      "0s",
      "1m0s",
      "1h0m0s",
      "500ms",
      "1.5s",
    ]);
  });

  it("reads CPUs as Docker's command line does", () => {
    expect([parseCpus("0.5"), parseCpus("2")]).toEqual([5e8, 2e9]);
    expect(() => parseCpus("half")).toThrow();
    expect(() => parseCpus("0.0000000001")).toThrow("too precise");
  });
});
