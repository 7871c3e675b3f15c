import { randomBytes } from "node:crypto";
import type { Context } from "../lib";

export type Logging = "stdout" | "stderr" | "stdoutAndStderr" | "none";

export interface RunOutputs {
  readonly stdout: string;
  readonly stderr: string;
}

/** What `create`, `update` and `delete` of both Command types share. */
export interface LifecycleInputs {
  readonly create?: string;
  readonly update?: string;
  readonly delete?: string;
  readonly triggers?: readonly unknown[];
}

/** An identifier as Pulumi makes them: the name and eight random hexadecimal characters. */
export function uniqueId(name: string): string {
  return name + randomBytes(4).toString("hex");
}

/** The environment that carries the previous run's output; on unless switched off. */
export function previousOutput(enabled: boolean | undefined, previous: RunOutputs): Record<string, string> {
  if (enabled === false) return {};
  return {
    ...(previous.stdout !== "" && { PULUMI_COMMAND_STDOUT: previous.stdout }),
    ...(previous.stderr !== "" && { PULUMI_COMMAND_STDERR: previous.stderr }),
  };
}

/**
 * Collects what a command prints, and shows it line by line at the resource as `logging` says
 * (both streams by default).
 */
export class OutputCollector {
  private readonly chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[], both: [] as Buffer[] };
  private unfinished = "";

  constructor(
    private readonly logging: Logging | undefined,
    private readonly log: Context["log"],
  ) {}

  add(stream: "stdout" | "stderr", chunk: Buffer): void {
    this.chunks[stream].push(chunk);
    this.chunks.both.push(chunk);
    const { logging = "stdoutAndStderr" } = this;
    if (logging === "stdoutAndStderr" || logging === stream) this.show(chunk.toString());
  }

  private show(text: string): void {
    const lines = (this.unfinished + text).split("\n");
    this.unfinished = lines.pop() ?? "";
    for (const line of lines) this.log("info", line.replace(/\r$/, ""), true);
  }

  /** Both outputs without their last newline. */
  finish(): RunOutputs {
    this.showRest();
    const whole = (chunks: Buffer[]): string => Buffer.concat(chunks).toString().replace(/\n$/, "");
    return { stdout: whole(this.chunks.stdout), stderr: whole(this.chunks.stderr) };
  }

  /** The published plugin's message: the reason, the whole command, everything it printed. */
  failure(reason: string, command: string): Error {
    this.showRest();
    const printed = Buffer.concat(this.chunks.both).toString();
    return new Error(`${reason}: running ${JSON.stringify(command)}:\n${printed}`);
  }

  private showRest(): void {
    if (this.unfinished !== "") this.log("info", this.unfinished, true);
    this.unfinished = "";
  }
}
