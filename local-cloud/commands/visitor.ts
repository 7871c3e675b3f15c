import { spawn } from "node:child_process";
import { once } from "node:events";
import { visitorCommand } from "../internet/visitor";
import type { CloudSettings } from "../settings";

/** Runs a command where a visitor stands; its exit code is ours. */
export async function visitor(settings: CloudSettings, words: readonly string[]): Promise<void> {
  const [command, ...rest] = visitorCommand(settings, words);
  const child = spawn(command ?? "docker", rest, { stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  process.exitCode = code ?? 1;
}
