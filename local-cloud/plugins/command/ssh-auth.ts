import { utils, type AnyAuthMethod, type ConnectConfig } from "ssh2";
import sshpk from "sshpk";

/** One end of a connection, defaults filled in. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password?: string;
  readonly privateKey?: string;
  readonly privateKeyPassword?: string;
  readonly agentSocketPath?: string;
  /** The public key that the host must show; without it, every host is believed. */
  readonly hostKey?: string;
  /** -1: no limit. */
  readonly dialErrorLimit: number;
  /** Seconds; 0: no limit. */
  readonly perDialTimeout: number;
}

export const HOST_KEY_MISMATCH = "ssh: handshake failed: ssh: host key mismatch";

/** ssh2's configuration of a connection; throws when a key cannot be read. `denied` is told of a wrong host key. */
export function sshConfig(endpoint: Endpoint, denied: () => void): ConnectConfig {
  return {
    username: endpoint.user,
    readyTimeout: endpoint.perDialTimeout * 1000,
    authHandler: authHandler(authMethods(endpoint)),
    ...pinned(endpoint.hostKey, denied),
  };
}

/** Pins the host key and, with it, its algorithm: a host's other keys are not asked for. */
function pinned(hostKey: string | undefined, denied: () => void): Partial<ConnectConfig> {
  if (hostKey === undefined) return {};
  const expected = utils.parseKey(hostKey.trim());
  if (expected instanceof Error) throw new Error("failed to parse host key: ssh: no key found");
  return {
    algorithms: { serverHostKey: [expected.type] },
    hostVerifier: (shown: Buffer): boolean => {
      const isExpected = shown.equals(expected.getPublicSSH());
      if (!isExpected) denied();
      return isExpected;
    },
  };
}

/** In the published plugin's order; a key of the agent is only tried when no private key is given. */
function authMethods(endpoint: Endpoint): AnyAuthMethod[] {
  const { user: username, password, privateKey } = endpoint;
  const agent = endpoint.agentSocketPath ?? (process.env["SSH_AUTH_SOCK"] || undefined);
  const methods: AnyAuthMethod[] = [{ type: "none", username }];
  if (privateKey !== undefined) {
    methods.push({
      type: "publickey",
      username,
      key: readPrivateKey(privateKey, endpoint.privateKeyPassword),
    });
  }
  if (password !== undefined) {
    methods.push({ type: "password", username, password });
    methods.push({
      type: "keyboard-interactive",
      username,
      prompt: (_name, _instructions, _language, prompts, finish) => finish(prompts.map(() => password)),
    });
  }
  if (agent !== undefined && privateKey === undefined) methods.push({ type: "agent", username, agent });
  return methods;
}

/** Offers each method once, and only those that the server still accepts. */
function authHandler(methods: AnyAuthMethod[]): ConnectConfig["authHandler"] {
  const waiting = [...methods];
  const wireName = (type: string): string => (type === "agent" ? "publickey" : type);
  return (accepted, _partial, next) => {
    const still = accepted as string[] | null; // null, whatever the types say, before the server has answered
    let method = waiting.shift();
    while (method && still && !still.includes(wireName(method.type))) {
      method = waiting.shift();
    }
    next(method ?? (false as never));
  };
}

/** OpenSSH and PEM keys, PKCS#8 (which ssh2 cannot read) included. */
function readPrivateKey(text: string, passphrase: string | undefined): string {
  const key = `${text.trim()}\n`;
  const parsed = utils.parseKey(key, passphrase);
  if (!(parsed instanceof Error) && passphrase === undefined) return key;
  try {
    return sshpk.parsePrivateKey(key, "auto", { passphrase }).toString("ssh-private");
  } catch {
    throw new Error(
      passphrase === undefined && parsed instanceof Error && /encrypted|passphrase/i.test(parsed.message)
        ? "ssh: this private key is passphrase protected"
        : "ssh: no key found: the private key cannot be read",
    );
  }
}
