import { CLOUD, must } from "./cloud";

const STORE = `homeport-${CLOUD}-s3`;
const BUCKET = "homeport-backups";
const PREFIX = "running-calendar";
const REPOSITORY = `/objects/data/${BUCKET}/${PREFIX}`;

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
 * parts of segments of the log that are there as a whole.
 */
export async function storedFiles(): Promise<StoredFile[]> {
  const files: StoredFile[] = [];
  for (let page = await listed(""); page.length > 0; page = await listed(page.at(-1)?.file ?? "")) {
    files.push(...page);
  }
  const isCopy = /^(?!locks\/)(?!.*\/seen\/)/;
  const whole = new Set(files.map(({ file }) => file));
  return files.filter(({ file, bytes }) => bytes > 0 && isCopy.test(file) && !whole.has(wholeOf(file)));
}

/** What the store lists after a file, a thousand at most: among its files are those of deleted objects as well. */
async function listed(after: string): Promise<StoredFile[]> {
  const query = new URLSearchParams({
    "list-type": "2",
    prefix: `${PREFIX}/`,
    "start-after": `${PREFIX}/${after}`,
  });
  const page = await inStore(
    `curl -fsSk -K /etc/s3/root.curl --aws-sigv4 aws:amz:nbg1:s3 'https://127.0.0.1/${BUCKET}?${query.toString()}'`,
  );
  const contents = page.matchAll(/<Key>([^<]*)<\/Key>.*?<Size>(\d+)<\/Size>/gs);
  return [...contents].map(([, key = "", bytes]) => ({
    file: key.slice(PREFIX.length + 1),
    bytes: Number(bytes),
  }));
}

/** The segment that a part belongs to, as it is once it is there as a whole; nothing for what is no part. */
function wholeOf(file: string): string {
  return /\/parts\/[0-9A-F]{24}\./.test(file)
    ? file.replace(/\/parts\/([0-9A-F]{24})\..*/, "/wal/$1.zst.bin")
    : "";
}

/** A part that nobody needs any more: its segment was finished meanwhile. */
export async function isMoot({ file }: Corruption): Promise<boolean> {
  return (
    wholeOf(file) !== "" && (await inStore(`ls ${REPOSITORY}/${wholeOf(file)} 2>/dev/null || true`)) !== ""
  );
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
