import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dockerFault } from "../../local-cloud/machine/docker-daemon";
import { mountsToUndo, parseMounts } from "../../local-cloud/machine/mounts";
import { ensurePackages, missingPackages, packagesFault } from "../../local-cloud/machine/packages";
import { commandLine, environment, isAlive, withDescendants } from "../../local-cloud/machine/processes";

describe("system packages", () => {
  const there = { name: "coreutils", provides: "env" };

  it("are missing when neither a command on PATH nor a file shows them", () => {
    const wanted = [
      there,
      { name: "a", provides: "no-such-command" },
      { name: "b", provides: "/no/such/file" },
    ];
    expect(missingPackages(wanted)).toEqual(["a", "b"]);
    expect(missingPackages([there, { name: "passwd", provides: "/etc/passwd" }])).toEqual([]);
  });

  it("are missing when there is a docker command but no engine, here or elsewhere", () => {
    const folder = mkdtempSync(join(tmpdir(), "homeport-docker-"));
    const docker = { name: "docker.io", provides: "docker" };
    const write = (name: string, exitCode: number): void =>
      writeFileSync(join(folder, name), `#!/bin/sh\nexit ${exitCode}\n`, { mode: 0o755 });
    write("docker", 1);
    expect(missingPackages([docker], [folder])).toEqual(["docker.io"]);
    write("docker", 0); // an engine answers, from this machine or another
    expect(missingPackages([docker], [folder])).toEqual([]);
    write("docker", 1);
    write("dockerd", 0);
    expect(missingPackages([docker], [folder])).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  it("cost nothing and say nothing when all are there", async () => {
    const lines: string[] = [];
    await ensurePackages((line) => lines.push(line), [there]);
    expect(lines).toEqual([]);
  });

  it("are named with the exact command where we may not install them", () => {
    expect(packagesFault(["jq", "nftables"], { apt: true, root: false })).toBe(
      "system packages: must be installed, missing jq nftables; " +
        "fix: sudo apt-get update && sudo apt-get install --yes --no-install-recommends jq nftables",
    );
    expect(packagesFault(["jq"], { apt: false, root: true })).toMatch(/missing jq; fix: .*package manager/);
    expect(packagesFault(["jq"], { apt: true, root: true })).toBeUndefined();
    expect(packagesFault([], { apt: false, root: false })).toBeUndefined();
  });
});

describe("a Docker daemon that does not answer", () => {
  it("is started by root, unless another one was asked for", () => {
    expect(dockerFault("Cannot connect", { root: true })).toBeUndefined();
    expect(dockerFault("Cannot connect", { root: true, host: "tcp://10.0.0.1:2375" })).toMatch(
      /^DOCKER_HOST: must be .*, got tcp:\/\/10\.0\.0\.1:2375 \(Cannot connect\); fix: unset DOCKER_HOST$/,
    );
  });

  it("is explained to an ordinary user", () => {
    expect(dockerFault("permission denied while trying to connect", { root: false })).toContain(
      "usermod -aG docker",
    );
    expect(dockerFault("Cannot connect", { root: false })).toContain("sudo systemctl start docker");
  });
});

describe("mounts that Docker left", () => {
  const MOUNTINFO = [
    "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw",
    "90 22 254:0 /var/lib/docker /var/lib/docker rw - ext4 /dev/vda rw",
    "91 90 0:50 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw",
    "92 22 0:4 net:[4026532] /run/docker/netns/a\\040b rw - nsfs nsfs rw",
    "93 22 8:1 / /var/lib/docker-data rw - ext4 /dev/sda rw",
    "",
  ].join("\n");

  it("are undone from the innermost outwards, with the folder's bind mount on itself", () => {
    const mounts = parseMounts(MOUNTINFO);
    expect(mountsToUndo(mounts, "/var/lib/docker")).toEqual([
      "/var/lib/docker/overlay2/x/merged",
      "/var/lib/docker",
    ]);
    expect(mountsToUndo(mounts, "/run/docker")).toEqual(["/run/docker/netns/a b"]);
  });

  it("are not confused with a disk that somebody mounted for Docker", () => {
    expect(
      mountsToUndo(parseMounts("93 22 8:1 / /var/lib/docker rw - ext4 /dev/sda rw"), "/var/lib/docker"),
    ).toEqual([]);
  });
});

describe("processes", () => {
  it("are found by their environment, with all that they started", async () => {
    const mark = `HOMEPORT_TEST=${process.pid}-${Date.now()}`;
    const env = { ...process.env, HOMEPORT_TEST: mark.split("=")[1] };
    const child = spawn("sh", ["-c", "env -i sleep 60 & echo $!; wait"], {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const grandchild = Number(line.toString());
    const found = withDescendants((pid) => environment(pid).includes(mark));
    expect(found.sort()).toEqual([child.pid, grandchild].sort());
    expect(isAlive(grandchild)).toBe(true);
    expect(commandLine(child.pid ?? 0)[0]).toBe("sh");
    for (const pid of found) process.kill(pid, "SIGKILL");
    await once(child, "close");
    expect(isAlive(child.pid ?? 0)).toBe(false);
    expect(commandLine(child.pid ?? 0)).toEqual([]);
  });
});
