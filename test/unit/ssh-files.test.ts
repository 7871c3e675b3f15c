import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeSshFiles } from "../../components/lib/ssh-files";
import { stripComment } from "../../components/lib/ssh-keys";
import { HOST, OPERATOR } from "../support/valid-config";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "homeport-ssh-"));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function write(bootstrapPublicKey?: string) {
  const operatorPrivateKey = OPERATOR.privateKey.trim();
  return writeSshFiles({
    stack: "prod",
    user: "ops",
    operatorPrivateKey,
    hostPublicKey: HOST.publicKey,
    bootstrapPublicKey,
    root,
  });
}

function mode(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

describe("writeSshFiles", () => {
  it("writes files that only their owner reads, and nothing else", () => {
    const files = write();

    expect(mode(files.directory)).toBe("700");
    expect([files.config, files.key, files.knownHosts].map(mode)).toEqual(["600", "600", "600"]);
    expect(readdirSync(files.directory).sort()).toEqual(["known_hosts", "operator_key", "ssh_config"]);
  });

  it("writes a key that OpenSSH reads and pins the host under the stack's alias", () => {
    const files = write();

    expect(execFileSync("ssh-keygen", ["-y", "-f", files.key]).toString()).toContain(
      stripComment(OPERATOR.publicKey),
    );
    expect(execFileSync("ssh-keygen", ["-F", "homeport-prod", "-f", files.knownHosts]).toString()).toContain(
      stripComment(HOST.publicKey),
    );
  });

  it("makes ssh strict, with this key, user and pin alone, for any address", () => {
    const effective = execFileSync("ssh", ["-G", "-F", write().config, "203.0.113.7"]).toString().split("\n");

    expect(effective).toEqual(
      expect.arrayContaining([
        "user ops",
        "hostkeyalias homeport-prod",
        "stricthostkeychecking true",
        "identitiesonly yes",
        "batchmode yes",
        "controlmaster false",
        "connecttimeout 10",
        "forwardagent no",
        "globalknownhostsfile /dev/null",
        `userknownhostsfile ${join(root, "prod", "known_hosts")}`,
        `identityfile ${join(root, "prod", "operator_key")}`,
      ]),
    );
  });

  it("mends wrong contents and modes, and takes the bootstrap key away again", () => {
    const files = write(keyLine("bootstrap"));
    expect(readFileSync(files.knownHosts, "utf8").split("\n")).toHaveLength(3);
    chmodSync(files.key, 0o644);
    writeFileSync(files.config, "Host evil");

    write();

    expect(mode(files.key)).toBe("600");
    expect(readFileSync(files.config, "utf8")).toContain("StrictHostKeyChecking yes");
    expect(readFileSync(files.knownHosts, "utf8")).toBe(`homeport-prod ${stripComment(HOST.publicKey)}\n`);
  });
});

function keyLine(comment: string): string {
  return `${stripComment(OPERATOR.publicKey)} ${comment}`;
}
