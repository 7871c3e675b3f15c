import { spawn } from "node:child_process";
import { failed } from "./cli-error";
import { run, type RunResult } from "./run";

/** OpenSSH's own exit code for a connection that failed. */
const SSH_FAILED = 255;

/** A server, reached with the stack's pinned host key. */
export interface Server {
  readonly address: string;
  readonly sshConfig: string;
}

/** Runs a script as root on the server, streamed over stdin; `args` are words without a secret. */
export async function runScriptAsRoot(
  server: Server,
  script: string,
  args: readonly string[],
  timeoutSeconds: number,
): Promise<RunResult> {
  const command = ["sudo", "-n", "bash", "-s", "--", ...args.map(quote)].join(" ");
  return runOnServer(server, command, script, timeoutSeconds);
}

/** Runs `command` on the server as the operator. @throws CliError when the server cannot be reached. */
export async function runOnServer(
  server: Server,
  command: string,
  stdin: string,
  timeoutSeconds: number,
): Promise<RunResult> {
  const result = await run("ssh", ["-F", server.sshConfig, "-o", "BatchMode=yes", server.address, command], {
    stdin,
    timeoutSeconds,
  });
  if (result.code === SSH_FAILED) throw failed(connectionProblem(server.address, result.stderr));
  return result;
}

/**
 * An interactive shell, or `command`, in the user's own terminal; `isTty` gives the command one on the server too.
 * Gives the exit code.
 */
export function openShell(server: Server, command: readonly string[], isTty = false): Promise<number> {
  const terminal = isTty ? ["-t"] : [];
  return new Promise((resolve, reject) => {
    const args = ["-F", server.sshConfig, ...terminal, server.address, ...command];
    const child = spawn("ssh", args, { stdio: "inherit" });
    child.on("error", (error) => reject(failed(`ssh: ${error.message}; fix: install openssh-client`)));
    child.on("close", (code) => resolve(code ?? SSH_FAILED));
  });
}

/** One line and what to do, from what OpenSSH says. */
export function connectionProblem(address: string, stderr: string): string {
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed/.test(stderr)) {
    return (
      `ssh ${address}: the server shows another host key than the pinned one; ` +
      "fix: do not connect; homeport verify after pulumi up, or find out who answers there"
    );
  }
  if (/Permission denied/.test(stderr)) {
    return `ssh ${address}: the server does not accept the operator's key; fix: pulumi up`;
  }
  if (/timed out|refused|No route/.test(stderr)) {
    return (
      `ssh ${address}: no answer on port 22; fix: add your address to homeport:adminCidrs, then pulumi up ` +
      "(or look at the server in Hetzner's console)"
    );
  }
  const lines = stderr.trim().split("\n");
  return `ssh ${address}: ${lines.at(-1) ?? "connection failed"}; fix: pulumi up`;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
