/** One snapshot of restic's, as far as it is looked at. */
export interface Snapshot {
  readonly id: string;
  /** RFC 3339, of whoever took it. */
  readonly time: string;
  readonly paths: readonly string[];
}

/** Runs restic against the stack's repository; gives its stdout. @throws CliError with its last line. */
export type Restic = (...args: string[]) => Promise<string>;

/** What a backup of directories and volumes counts by: manifests, each of which names its data. */
export const FILES_TAG = "files=all";
/** The data itself; nothing without its manifest. */
export const DATA_TAG = "files=data";

/** A host's snapshots with a tag, newest first. */
export async function snapshotsOf(restic: Restic, host: string, tag: string): Promise<Snapshot[]> {
  const listed = await restic("snapshots", "--json", "--host", host, "--tag", tag);
  const snapshots = (JSON.parse(listed) as Snapshot[] | null) ?? [];
  return snapshots.sort((a, b) => Date.parse(b.time) - Date.parse(a.time));
}

export function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}
