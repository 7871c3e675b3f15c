import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheDir } from "../settings";
import { contentHash } from "./content-hash";
import { go, goFault, installedGo, requiredGo } from "./go";
import { withLock } from "./lock";
import { step, type Report } from "./progress";
import { ROOT } from "./versions";

/** A program of the local cloud that is built from its Go module; `toolchain/<folder>` pins it. */
export interface GoProgram {
  readonly folder: string;
  readonly package: string;
  /** What it is called in reports. */
  readonly title: string;
}

/** The object store's server. */
export const S3_SERVER: GoProgram = {
  folder: "s3",
  package: "github.com/versity/versitygw/cmd/versitygw",
  title: "the S3 server",
};

/** Let's Encrypt's own ACME server for tests. */
export const ACME_SERVER: GoProgram = {
  folder: "pebble",
  package: "github.com/letsencrypt/pebble/v2/cmd/pebble",
  title: "the ACME server",
};

/** Compose's own parser of environment files: tests ask it what it reads. */
export const COMPOSE_READER: GoProgram = {
  folder: "compose",
  package: "homeport/toolchain/compose",
  title: "Compose's parser",
};

/** Where the program is, once {@link ensureGoProgram} has built it: another file for another version. */
export function goProgram({ folder, package: name }: GoProgram): string {
  const version = contentHash([sourceOf(folder)]).slice(0, 16);
  return join(cacheDir(), folder, version, name.split("/").at(-1) ?? "");
}

/** Builds the program, unless it is there. */
export async function ensureGoProgram(program: GoProgram, report: Report): Promise<void> {
  const file = goProgram(program);
  if (existsSync(file)) return;
  const waiting = (): void => report(`waiting for another run that builds ${program.title}`);
  await withLock(
    join(cacheDir(), `${program.folder}.lock`),
    async () => {
      if (!existsSync(file)) await build(program, file, report);
    },
    waiting,
  );
}

function sourceOf(folder: string): string {
  return join(ROOT, "local-cloud", "toolchain", folder);
}

async function build(program: GoProgram, file: string, report: Report): Promise<void> {
  const source = sourceOf(program.folder);
  const fault = goFault(installedGo(source), requiredGo([source]));
  if (fault !== undefined) throw new Error(fault);
  mkdirSync(dirname(file), { recursive: true });
  const workshop = mkdtempSync(join(cacheDir(), `${program.folder}-build-`));
  try {
    const draft = join(workshop, program.folder);
    await step(report, `building ${program.title} from Go modules`, () =>
      go(source, ["build", "-trimpath", "-ldflags", "-s -w", "-o", draft, program.package]),
    );
    renameSync(draft, file);
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}
