import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { sha256 } from "../../components/lib/hash";
import { refused } from "../cli-error";

/** A file that Homeport writes into somebody's own folder. */
export interface OwnFile {
  /** From that folder. */
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

export type Written = "written" | "updated" | "unchanged";

const STAMP = /^# Written by homeport kamal; its own text has sha256 ([0-9a-f]{64})\.\n/;

/** The text with a first line that tells whether it has been edited since. */
export function stamp(text: string): string {
  return `# Written by homeport kamal; its own text has sha256 ${sha256(text)}.\n${text}`;
}

/** True for a text that nobody has touched since it was stamped. */
export function isOurs(stamped: string): boolean {
  const match = STAMP.exec(stamped);
  return match !== null && sha256(stamped.slice(match[0].length)) === match[1];
}

/**
 * Writes the files, all or none: each exchanged in one step, one that is right already left alone.
 *
 * @throws CliError (refused) naming every file that somebody else wrote or edited, unless `isForced`.
 */
export function writeOwnFiles(
  folder: string,
  files: readonly OwnFile[],
  isForced: boolean,
): Map<string, Written> {
  const planned = files.map((file) => ({ ...file, text: stamp(file.text), full: join(folder, file.path) }));
  const edited = planned.filter(({ full, text }) => {
    if (!existsSync(full)) return false;
    const now = readFileSync(full, "utf8");
    return now !== text && !isOurs(now);
  });
  if (edited.length > 0 && !isForced) {
    throw refused(
      ...edited.map(
        ({ full }) =>
          `${full}: must be as homeport kamal left it, got an edited file; fix: compare with homeport kamal --output /tmp/kamal, or --force`,
      ),
    );
  }
  return new Map(planned.map((file) => [file.path, writeOne(file)]));
}

function writeOne({
  full,
  text,
  mode,
}: {
  readonly full: string;
  readonly text: string;
  readonly mode: number;
}): Written {
  const was = existsSync(full) ? readFileSync(full, "utf8") : undefined;
  if (was === text) {
    chmodSync(full, mode);
    return "unchanged";
  }
  mkdirSync(dirname(full), { recursive: true });
  const next = `${full}.${process.pid}.tmp`;
  writeFileSync(next, text, { mode });
  chmodSync(next, mode);
  renameSync(next, full);
  return was === undefined ? "written" : "updated";
}

/** Adds what `.gitignore` lacks; nothing else of it changes. */
export function ignore(folder: string, paths: readonly string[]): Written {
  const file = join(folder, ".gitignore");
  const was = existsSync(file) ? readFileSync(file, "utf8") : "";
  const lines = was.split("\n").map((line) => line.trim());
  const covers = (path: string): boolean =>
    [path, `/${path}`, dirname(path), `/${dirname(path)}`, `${dirname(path)}/`, `/${dirname(path)}/`].some(
      (form) => lines.includes(form),
    );
  const missing = paths.filter((path) => !covers(path));
  if (missing.length === 0) return "unchanged";
  const start = was === "" || was.endsWith("\n") ? was : `${was}\n`;
  writeFileSync(file, `${start}${missing.map((path) => `/${path}\n`).join("")}`);
  return was === "" ? "written" : "updated";
}
