import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripComment, withNewline } from "./ssh-keys";

/** What the files of one stack are made from. */
export interface SshFilesInput {
  readonly stack: string;
  readonly user: string;
  readonly operatorPrivateKey: string;
  /** The permanent host key, `ssh-ed25519 base64`. */
  readonly hostPublicKey: string;
  /** Public half of the bootstrap host key, while a host may still answer with it. @default none */
  readonly bootstrapPublicKey?: string;
  /** @default `.homeport`, beside Pulumi.yaml: the docker plugin's working directory is the project's root */
  readonly root?: string;
}

/** Where the files are, relative paths as given by `root`. */
export interface SshFiles {
  readonly directory: string;
  readonly config: string;
  readonly knownHosts: string;
  readonly key: string;
}

/** The name that known_hosts knows the host by: no address is needed before the first `up`. */
export function hostKeyAlias(stack: string): string {
  return `homeport-${stack}`;
}

/** Where {@link writeSshFiles} writes. */
export function sshFiles(stack: string, root = ".homeport"): SshFiles {
  const directory = join(root, stack);
  return {
    directory,
    config: join(directory, "ssh_config"),
    knownHosts: join(directory, "known_hosts"),
    key: join(directory, "operator_key"),
  };
}

/**
 * Writes the files that OpenSSH needs to reach the stack's host: 0600 in a folder of 0700, each exchanged in one
 * step, and left alone when it is right already, so that parallel commands never read half a file.
 */
export function writeSshFiles(input: SshFilesInput): SshFiles {
  const files = sshFiles(input.stack, input.root);
  mkdirSync(files.directory, { recursive: true, mode: 0o700 });
  chmodSync(files.directory, 0o700);
  exchange(files.key, withNewline(input.operatorPrivateKey));
  exchange(files.knownHosts, renderKnownHosts(input));
  exchange(files.config, renderSshConfig(input.stack, input.user, files));
  return files;
}

/** One line per key that the host may answer with, under the alias. */
export function renderKnownHosts(input: SshFilesInput): string {
  const keys = [input.hostPublicKey, input.bootstrapPublicKey].filter((key) => key !== undefined);
  return keys.map((key) => `${hostKeyAlias(input.stack)} ${stripComment(key)}\n`).join("");
}

/** OpenSSH client config for every host: who, with which key, and which host key alone is believed. */
export function renderSshConfig(stack: string, user: string, files: SshFiles): string {
  return `Host *
  User ${user}
  HostKeyAlias ${hostKeyAlias(stack)}
  IdentityFile ${files.key}
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile ${files.knownHosts}
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  UpdateHostKeys no
  CheckHostIP no
  BatchMode yes
  PasswordAuthentication no
  KbdInteractiveAuthentication no
  ForwardAgent no
  ControlMaster no
  ControlPath none
  ConnectTimeout 10
  ServerAliveInterval 15
  ServerAliveCountMax 4
  LogLevel ERROR
`;
}

function exchange(path: string, text: string): void {
  if (isWritten(path, text)) {
    chmodSync(path, 0o600);
    return;
  }
  const next = `${path}.${process.pid}.tmp`;
  writeFileSync(next, text, { mode: 0o600 });
  renameSync(next, path);
}

function isWritten(path: string, text: string): boolean {
  try {
    return readFileSync(path, "utf8") === text;
  } catch {
    return false;
  }
}
