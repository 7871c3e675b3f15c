import { CLOUD, must } from "./cloud";

const STORE = `homeport-${CLOUD}-s3`;
const REPOSITORY = "/objects/data/homeport-backups/running-calendar";

export const KINDS = ["flipped byte", "truncation", "deletion"] as const;
export type Kind = (typeof KINDS)[number];

/** A file of the repository, by its path in there, and what is done to it. */
export interface Corruption {
  readonly kind: Kind;
  readonly file: string;
  /** The byte that is flipped, or the first one that is cut off. */
  readonly at: number;
}

interface StoredFile {
  readonly file: string;
  readonly bytes: number;
}

/**
 * Everything that is kept there, but for what holds nothing of a copy: restic's locks, the archive's marks of time, and
 * parts of segments of the log that are there as a whole; nor is what was deleted, of which the store keeps an empty file.
 */
export async function storedFiles(): Promise<StoredFile[]> {
  const listing = await inStore(
    `cd ${REPOSITORY} && find . -type f -size +0c ! -path './locks/*' -exec stat -c '%s %n' {} + | sort -k 2`,
  );
  const files = listing
    .trim()
    .split("\n")
    .map((line) => {
      const [bytes = "0", file = ""] = line.split(" ");
      return { file: file.replace("./", ""), bytes: Number(bytes) };
    });
  const whole = new Set(files.flatMap(({ file }) => /\/wal\/([0-9A-F]{24})\./.exec(file)?.[1] ?? []));
  const isCopy = (file: string): boolean =>
    !file.includes("/seen/") && !whole.has(/\/parts\/([0-9A-F]{24})\./.exec(file)?.[1] ?? "");
  return files.filter(({ file }) => isCopy(file));
}

/** The next of a series that is the same for the same seed: Mulberry32, from 0 to below 1. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Any file, any byte: each kind in turn. An older copy's entry is not deleted, nor the archive's oldest segment: expiring
 * does just that, so that nobody can tell.
 */
export function randomCorruption(
  turn: number,
  { files, newest }: { readonly files: readonly StoredFile[]; readonly newest: string },
  random: () => number,
): Corruption {
  const kind = KINDS[turn % KINDS.length] ?? "deletion";
  const [oldest] = files.filter(({ file }) => file.includes("/wal/"));
  const isExpired = ({ file }: StoredFile): boolean =>
    (file.startsWith("snapshots/") && file !== `snapshots/${newest}`) || file === oldest?.file;
  const isTold = (one: StoredFile): boolean => kind !== "deletion" || !isExpired(one);
  const told = files.filter(isTold);
  const { file, bytes } = told[Math.floor(random() * told.length)] ?? { file: "", bytes: 0 };
  return { kind, file, at: Math.floor(random() * bytes) };
}

/** The file as it was is kept beside the data. */
export async function corrupt({ kind, file, at }: Corruption): Promise<void> {
  const path = `${REPOSITORY}/${file}`;
  const flip = `b=$(od -An -tu1 -j ${at} -N 1 ${path}); printf "\\\\$(printf %o $((b ^ 1)))" | dd of=${path} bs=1 seek=${at} conv=notrunc 2>/dev/null`;
  const acts: Readonly<Record<Kind, string>> = {
    "flipped byte": flip,
    truncation: `truncate -s ${at} ${path}`,
    deletion: `rm ${path}`,
  };
  await inStore(
    `set -e; cp --preserve=all ${path} /objects/kept; ${acts[kind]}; ! cmp -s ${path} /objects/kept`,
  );
}

export async function mend({ file }: Corruption): Promise<void> {
  await inStore(`mv /objects/kept ${REPOSITORY}/${file}`);
}

async function inStore(script: string): Promise<string> {
  return (await must("docker", "exec", STORE, "sh", "-c", script)).stdout;
}
