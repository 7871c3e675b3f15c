import { spawn } from "node:child_process";

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The only way in for a secret: argv and environment can be read by others. */
  readonly stdin?: string;
  /** `show`: the child writes to our stderr, so that the user sees it at work; `both`: and we can read it. */
  readonly output?: "capture" | "show" | "both";
  readonly timeoutSeconds?: number;
}

export interface RunResult {
  /** Exit code; 128 + n when a signal ended it, 127 when the program is missing, 124 after the timeout. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. A failing program is a result, not an exception. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const isShown = options.output === "show";
  return new Promise((resolve) => {
    const child = spawn(command, [...args], {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ["pipe", isShown ? 2 : "pipe", isShown ? 2 : "pipe"],
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let isLate = false;
    const timer = options.timeoutSeconds
      ? setTimeout(() => {
          isLate = true;
          child.kill("SIGKILL");
        }, options.timeoutSeconds * 1000)
      : undefined;
    for (const [stream, chunks] of [[child.stdout, stdout] as const, [child.stderr, stderr] as const]) {
      stream?.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        if (options.output === "both") process.stderr.write(chunk);
      });
    }
    // a child that ends without reading everything closes the pipe: its exit code says why
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(options.stdin ?? "");
    child.on("error", (error) => {
      clearTimeout(timer);
      resolve({ code: 127, stdout: "", stderr: `${command}: ${error.message}` });
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({
        code: isLate ? 124 : (code ?? 128 + (signal === "SIGKILL" ? 9 : 15)),
        stdout: Buffer.concat(stdout).toString("utf8"),
        stderr: Buffer.concat(stderr).toString("utf8"),
      });
    });
  });
}

/** The last line that says something, for a one-line error. */
export function lastLine(text: string): string {
  const lines = text.split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "").at(-1) ?? "no output";
}
