import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

const PACKAGE = join(__dirname, "..", "..");
const SCRIPTS = join(PACKAGE, "scripts");
/** Where npm puts the package: a path that is the same on every machine, which a link's target is not. */
const INSTALLED = join("node_modules", "homeport");

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

/** `ssh` for restic, and beside it the only host key that it believes; the private key goes there as `key`. */
export function sftpFiles(hostKey: string): Readonly<Record<"ssh" | "known_hosts", string>> {
  return { ssh: serverFile("backup-ssh.sh"), known_hosts: `homeport-backup ${hostKey}\n` };
}

/** A script that runs on this machine, as plugins find it: their working directory is the project's folder. */
export function localScript(name: string, project = process.cwd()): string {
  const folder = relative(project, PACKAGE);
  const isInstalled = folder !== "" && existsSync(join(project, INSTALLED, "scripts", name));
  return join(isInstalled ? INSTALLED : folder, "scripts", name);
}
