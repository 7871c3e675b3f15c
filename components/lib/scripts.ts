import { readFileSync } from "node:fs";
import { join } from "node:path";

const SCRIPTS = join(__dirname, "..", "..", "scripts");

/**
 * The text of a remote script with everything it calls in front of it: what `sudo bash -s` reads from stdin. The
 * script ends with `exit`, so what follows it on stdin is the script's own input.
 */
export function remoteScript(name: string, libraries: readonly string[] = []): string {
  const files = ["lib.sh", ...libraries, name];
  return files.map((file) => readFileSync(join(SCRIPTS, "remote", file), "utf8")).join("\n");
}

/** What a step's script reads from its input: base64 holds any text on one line. */
export function stdinLine(kind: string, name: string, text: string): string {
  return `${kind} ${name} ${Buffer.from(text).toString("base64")}\n`;
}

/** A file that lands on the server as it is. */
export function serverFile(name: string): string {
  return readFileSync(join(SCRIPTS, "files", name), "utf8");
}
