import { spawn } from "node:child_process";

export interface DockerOptions {
  /** Standard input: where secrets go, never argv. */
  readonly input?: string | Buffer;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Folder that it runs in; default: this process's. */
  readonly cwd?: string;
  /** Milliseconds until the command is killed; default: none. */
  readonly timeout?: number;
}

/** Standard output of `command args`, without its last line break. An error shows the end of standard error. */
export function run(command: string, args: readonly string[], options: DockerOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
      timeout: options.timeout,
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.stdin.on("error", () => undefined); // a command that reads nothing may be gone already
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) {
        resolve(Buffer.concat(out).toString().replace(/\n$/, ""));
        return;
      }
      const said = Buffer.concat(err.length > 0 ? err : out);
      const why = said.toString().trim().split("\n").slice(-15).join("\n");
      reject(new Error(`${command} ${args.slice(0, 2).join(" ")}: ${why || `ended with ${signal ?? code}`}`));
    });
    child.stdin.end(options.input);
  });
}

/** Standard output of `docker args`. */
export function docker(args: readonly string[], options: DockerOptions = {}): Promise<string> {
  return run("docker", args, options);
}
