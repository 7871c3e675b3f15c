import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server, utils, type Connection, type ParsedKey, type Session } from "ssh2";
import { toOpenssh, toTraditionalPem, publicKeyOutputs } from "../../local-cloud/plugins/tls/keys";
import { serveFiles } from "./sftp-server";

export interface TestKey {
  readonly privateKey: string;
  readonly privatePem: string;
  /** As in authorized_keys. */
  readonly publicKey: string;
}

export function testKey(type: "ed25519" | "ec" = "ed25519"): TestKey {
  const { privateKey } =
    type === "ec" ? generateKeyPairSync("ec", { namedCurve: "prime256v1" }) : generateKeyPairSync("ed25519");
  return {
    privateKey: toOpenssh(privateKey),
    privatePem: toTraditionalPem(privateKey),
    publicKey: publicKeyOutputs(privateKey).publicKeyOpenssh,
  };
}

export interface TestServer {
  readonly port: number;
  /** Files copied to the server are below this folder. */
  readonly root: string;
  /** Connections that got past their handshake, so far. */
  connections(): number;
  close(): Promise<void>;
}

interface Settings {
  readonly hostKeys: readonly TestKey[];
  readonly authorized: TestKey;
  readonly password?: string;
  readonly acceptEnv?: readonly string[];
  /** Where to listen; any free port by default. */
  readonly port?: number;
}

/** An SSH server in this process: runs commands with /bin/sh, forwards TCP, takes files by SFTP. */
export async function startSshServer(settings: Settings): Promise<TestServer> {
  const root = mkdtempSync(join(tmpdir(), "ssh-server-"));
  const open = new Set<Connection>();
  let connections = 0;
  const server = new Server({ hostKeys: settings.hostKeys.map((key) => key.privateKey) }, (client) => {
    open.add(client);
    client.on("error", () => undefined).on("close", () => open.delete(client));
    authenticate(client, settings);
    client.on("ready", () => {
      connections++;
      client.on("session", (accept) => serveSession(accept(), settings));
      client.on("tcpip", (accept, _reject, { destIP, destPort }) => {
        const channel = accept();
        const socket = connect(destPort, destIP);
        channel
          .on("error", () => undefined)
          .pipe(socket)
          .on("error", () => channel.end())
          .pipe(channel);
      });
    });
  });
  await new Promise<void>((done) => server.listen(settings.port ?? 0, "127.0.0.1", done));
  return {
    port: (server.address() as AddressInfo).port,
    root,
    connections: () => connections,
    close: async () => {
      open.forEach((client) => client.end());
      await new Promise<void>((done) => server.close(() => done()));
      rmSync(root, { recursive: true });
    },
  };
}

function authenticate(client: Connection, { authorized, password }: Settings): void {
  const key = utils.parseKey(authorized.publicKey) as ParsedKey;
  client.on("authentication", (attempt) => {
    if (attempt.method === "password" && password !== undefined && attempt.password === password) {
      return attempt.accept();
    }
    if (attempt.method === "publickey" && attempt.key.data.equals(key.getPublicSSH())) {
      const { signature, blob, hashAlgo } = attempt;
      if (!signature || (blob && key.verify(blob, signature, hashAlgo))) return attempt.accept();
    }
    attempt.reject(password === undefined ? ["publickey"] : ["publickey", "password"]);
  });
}

function serveSession(session: Session, { acceptEnv = [] }: Settings): void {
  const environment: Record<string, string> = {};
  // whatever the types say, there is neither of them for a client that wants no reply
  session.on("env", (accept: (() => void) | undefined, reject: (() => void) | undefined, { key, val }) => {
    if (!acceptEnv.includes(key)) return reject?.();
    environment[key] = val;
    accept?.();
  });
  session.on("sftp", (accept) => serveFiles(accept()));
  session.on("exec", (accept, _reject, { command }) => {
    const channel = accept();
    const child = spawn("/bin/sh", ["-c", command], { env: { PATH: process.env["PATH"], ...environment } });
    channel.pipe(child.stdin).on("error", () => undefined);
    child.stdout.pipe(channel, { end: false });
    child.stderr.pipe(channel.stderr, { end: false });
    channel.on("error", () => undefined).on("close", () => child.kill("SIGKILL"));
    child.on("close", (code, signal) => {
      if (signal) channel.exit(signal.replace(/^SIG/, ""));
      else channel.exit(code ?? 0);
      channel.end();
    });
  });
}
