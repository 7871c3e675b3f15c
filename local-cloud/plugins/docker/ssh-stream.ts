import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { Duplex } from "node:stream";

/** How long a program whose output has ended may take to exit, ms. Docker's own helper waits as long. */
const EXIT_PATIENCE = 10_000;

/**
 * Arguments of the local `ssh` for a `ssh://user@host[:port][/socket]` daemon, as docker/cli's
 * connection helper makes them: relative paths in `options` count from the plugin's working directory.
 * An own `-o ConnectTimeout` in `options` holds; one in the file of `-F` does not (30 s is put before it).
 */
export function sshArguments(host: string, options: readonly string[]): string[] {
  const url = new URL(host);
  if (url.password !== "")
    throw new Error("ssh host connection is not valid: plain-text password is not supported");
  if (url.hostname === "") throw new Error("ssh host connection is not valid: hostname is empty");
  if (url.search !== "" || url.hash !== "") {
    throw new Error("ssh host connection is not valid: query and fragment are not allowed");
  }
  const socket = decodeURIComponent(url.pathname);
  return [
    ...options,
    ...(options.join("").includes("ConnectTimeout") ? [] : ["-o ConnectTimeout=30"]),
    ...(options.includes("-T") ? [] : ["-T"]),
    ...(url.username === "" ? [] : ["-l", decodeURIComponent(url.username)]),
    ...(url.port === "" ? [] : ["-p", url.port]),
    "--",
    url.hostname.replace(/^\[(.*)\]$/, "$1"),
    "docker",
    ...(socket.replaceAll("/", "") === "" ? [] : [`--host=unix://${socket}`]),
    "system",
    "dial-stdio",
  ];
}

/** A connection through a program's stdin and stdout; carries what HTTP agents ask of a socket. */
export class CommandStream extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #command: string;
  #stderr = "";
  #exit: { code: number | null; signal: NodeJS.Signals | null } | undefined;

  constructor(program: string, args: readonly string[]) {
    super({ allowHalfOpen: false });
    this.#command = [program, ...args].join(" ");
    // a session of its own: Ctrl-C at the terminal goes to the engine, which lets running work finish
    this.#child = spawn(program, args, { detached: true });
    this.#child.on("error", (error) => this.destroy(error));
    this.#child.on("exit", (code, signal) => (this.#exit = { code, signal }));
    this.#child.stderr.on(
      "data",
      (text: Buffer) => (this.#stderr = (this.#stderr + text.toString()).slice(-4096)),
    );
    this.#child.stdout.on("data", (chunk: Buffer) => this.push(chunk) || this.#child.stdout.pause());
    this.#child.stdout.on("end", () => this.#ended());
    // a broken pipe shows as the program's exit, which says why
    this.#child.stdin.on("error", () => this.#ended());
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#child.stdin.write(chunk, () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    // the pipe of a program that has ended calls nobody back
    if (this.#exit || this.#child.stdin.destroyed) return done();
    this.#child.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#child.kill();
    done(error);
  }

  #ended(): void {
    if (this.#exit) return this.#finish();
    const timer = setTimeout(
      () => this.destroy(new Error(`command [${this.#command}] did not exit`)),
      EXIT_PATIENCE,
    );
    this.#child.once("close", () => {
      clearTimeout(timer);
      this.#finish();
    });
  }

  #finish(): void {
    if (this.destroyed) return;
    const { code, signal } = this.#exit ?? { code: null, signal: null };
    if (code === 0) return void this.push(null);
    const status = signal ? `signal: ${signal}` : `exit status ${code}`;
    this.destroy(
      new Error(
        `command [${this.#command}] has exited with ${status}, please make sure the URL is valid, and Docker ` +
          `18.09 or later is installed on the remote host: stderr=${this.#stderr.trim()}`,
      ),
    );
  }

  /** An idle connection does not keep the plugin from ending. */
  unref(): this {
    for (const part of this.#parts()) part.unref?.();
    return this;
  }

  ref(): this {
    for (const part of this.#parts()) part.ref?.();
    return this;
  }

  #parts(): { ref?(): void; unref?(): void }[] {
    const { stdin, stdout, stderr } = this.#child;
    return [this.#child, stdin, stdout, stderr] as { ref?(): void; unref?(): void }[];
  }

  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }
}
