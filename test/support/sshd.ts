import { spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { keygen } from "./ssh-keys";

const SSHD = "/usr/sbin/sshd";

/** An sshd of this machine that gives SFTP to one key. */
export interface Sshd {
  readonly port: number;
  readonly user: string;
  readonly privateKey: string;
  /** `type base64`. */
  readonly hostKey: string;
  readonly close: () => void;
}

/** True where there is one: CI and a developer's machine may lack it. */
export const hasSshd = existsSync(SSHD);

/** Starts it with its files in `folder`. */
export async function startSshd(folder: string): Promise<Sshd> {
  const host = keygen("-t", "ed25519");
  const client = keygen("-t", "ed25519");
  const port = await freePort();
  if (userInfo().uid === 0) mkdirSync("/run/sshd", { recursive: true }); // no service made it
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const config = [
    ...[`Port ${port}`, "ListenAddress 127.0.0.1", "StrictModes no", "PidFile none"],
    `HostKey ${file("host", host.privateKey)}`,
    `AuthorizedKeysFile ${file("client.pub", client.publicKey)}`,
    ...["AuthenticationMethods publickey", "PermitRootLogin prohibit-password"],
    ...["Subsystem sftp internal-sftp", "ForceCommand internal-sftp"],
  ];
  const sshd = spawn(SSHD, ["-D", "-e", "-f", file("sshd_config", `${config.join("\n")}\n`)]);
  await new Promise<void>((listening, failed) => {
    let said = "";
    sshd.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("Server listening")) listening();
    });
    sshd.on("exit", () => failed(new Error(`sshd: ${said}`)));
  });
  return {
    ...{ port, user: userInfo().username, privateKey: client.privateKey },
    hostKey: host.publicKey.trim().split(" ").slice(0, 2).join(" "),
    close: () => void sshd.kill(),
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
