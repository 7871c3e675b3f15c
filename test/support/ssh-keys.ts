import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** A fresh key pair made by OpenSSH's own ssh-keygen: `keygen("-t", "rsa", "-b", "1024")`. */
export function keygen(...options: string[]): KeyPair {
  const directory = mkdtempSync(join(tmpdir(), "homeport-key-"));
  const file = join(directory, "key");
  try {
    const passphrase = options.includes("-N") ? [] : ["-N", ""];
    execFileSync("ssh-keygen", ["-q", "-C", "ops@laptop", ...passphrase, ...options, "-f", file]);
    return {
      privateKey: readFileSync(file, "utf8"),
      publicKey: readFileSync(`${file}.pub`, "utf8").trim(),
    };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
