import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import type { Metafile } from "esbuild";
import { ROOT } from "./versions";

/** Hash of each source that went into a bundle, by its path from the root; libraries are in the lockfile's. */
type Inputs = Record<string, string>;

const sha256 = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");
const inputsOf = (outfile: string): string => `${outfile}.inputs.json`;

/**
 * Makes one executable file for Node 20 of a TypeScript program and its libraries, unless the one that is there
 * was made from the same sources, libraries and options. Native addons stay outside: who uses one (ssh2) has a
 * fallback in JavaScript. So does the TypeScript compiler, which `@pulumi/pulumi` loads to run programs only.
 */
export async function bundle(entry: string, outfile: string): Promise<void> {
  if (isFresh(entry, outfile)) return;
  const { build } = await import("esbuild");
  const draft = `${outfile}.${process.pid}.draft`;
  mkdirSync(dirname(outfile), { recursive: true });
  try {
    const { metafile } = await build({
      absWorkingDir: ROOT,
      entryPoints: [resolve(entry)],
      outfile: draft,
      bundle: true,
      platform: "node",
      target: "node20",
      format: "cjs",
      banner: { js: "#!/usr/bin/env node" },
      external: ["*.node", "cpu-features", "typescript", "ts-node"],
      tsconfigRaw: {},
      metafile: true,
      logLevel: "silent",
      legalComments: "none",
    });
    chmodSync(draft, 0o755);
    // Without its inputs a bundle counts as stale, so that being killed between any two lines is harmless.
    rmSync(inputsOf(outfile), { force: true });
    renameSync(draft, outfile);
    writeInputs(outfile, hashInputs(metafile, entry));
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Whether `outfile` is there and made from `entry`'s sources as they are now. */
export function isFresh(entry: string, outfile: string): boolean {
  if (!existsSync(outfile) || !existsSync(inputsOf(outfile))) return false;
  try {
    const inputs = JSON.parse(readFileSync(inputsOf(outfile), "utf8")) as Inputs;
    const known = relative(ROOT, resolve(entry)) in inputs;
    return known && Object.entries(inputs).every(([file, hash]) => sha256(join(ROOT, file)) === hash);
  } catch {
    return false; // a source is gone, or the list was cut short
  }
}

function hashInputs(metafile: Metafile, entry: string): Inputs {
  const sources = Object.keys(metafile.inputs).filter((file) => !file.includes("node_modules/"));
  const own = ["package-lock.json", relative(ROOT, __filename), relative(ROOT, resolve(entry))];
  return Object.fromEntries(
    [...new Set([...own, ...sources])].map((file) => [file, sha256(join(ROOT, file))]),
  );
}

function writeInputs(outfile: string, inputs: Inputs): void {
  const draft = `${inputsOf(outfile)}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(inputs, null, 2) + "\n");
  renameSync(draft, inputsOf(outfile));
}
