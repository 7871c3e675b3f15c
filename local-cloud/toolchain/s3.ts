import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheDir } from "../settings";
import { contentHash } from "./content-hash";
import { go, goFault, installedGo, requiredGo } from "./go";
import { withLock } from "./lock";
import { step, type Report } from "./progress";
import { ROOT } from "./versions";

const SOURCE = join(ROOT, "local-cloud", "toolchain", "s3");
const PACKAGE = "github.com/versity/versitygw/cmd/versitygw";

/** Where the S3 server is, once {@link ensureS3Server} has built it: another file for another version. */
export function s3Server(): string {
  return join(cacheDir(), "s3", contentHash([SOURCE]).slice(0, 16), "versitygw");
}

/** Builds the S3 server of the local cloud from its Go module, unless it is there. */
export async function ensureS3Server(report: Report): Promise<void> {
  const file = s3Server();
  if (existsSync(file)) return;
  const waiting = (): void => report("waiting for another run that builds the S3 server");
  await withLock(
    join(cacheDir(), "s3.lock"),
    async () => {
      if (!existsSync(file)) await build(file, report);
    },
    waiting,
  );
}

async function build(file: string, report: Report): Promise<void> {
  const fault = goFault(installedGo(SOURCE), requiredGo([SOURCE]));
  if (fault !== undefined) throw new Error(fault);
  mkdirSync(dirname(file), { recursive: true });
  const workshop = mkdtempSync(join(cacheDir(), "s3-build-"));
  try {
    const draft = join(workshop, "versitygw");
    await step(report, "building the S3 server from Go modules", () =>
      go(SOURCE, ["build", "-trimpath", "-ldflags", "-s -w", "-o", draft, PACKAGE]),
    );
    renameSync(draft, file);
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}
