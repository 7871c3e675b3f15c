import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A line of /proc/self/mountinfo, as far as it is of use here. */
export interface Mount {
  /** The folder of the file system that is mounted: `/` unless it is a bind mount. */
  readonly root: string;
  readonly point: string;
}

/** Parses mountinfo (proc(5)); it writes white space and backslashes in paths as octal numbers. */
export function parseMounts(mountinfo: string): Mount[] {
  const plain = (path = ""): string =>
    path.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(parseInt(code, 8)));
  const lines = mountinfo.split("\n").filter((line) => line !== "");
  return lines
    .map((line) => line.split(" "))
    .map((fields) => ({ root: plain(fields[3]), point: plain(fields[4]) }));
}

/**
 * The mounts that Docker made in a folder of its own, innermost first. A file system that somebody else mounted
 * on the folder itself stays; dockerd's bind mount of the folder on itself does not.
 */
export function mountsToUndo(mounts: readonly Mount[], folder: string): string[] {
  return mounts
    .filter(({ point, root }) => point.startsWith(`${folder}/`) || (point === folder && root !== "/"))
    .map(({ point }) => point)
    .reverse();
}

/** Undoes the mounts that a killed Docker left in `folder`. A busy one goes as soon as it is not busy any more. */
export function unmountBelow(folder: string): void {
  for (const point of mountsToUndo(parseMounts(readFileSync("/proc/self/mountinfo", "utf8")), folder)) {
    spawnSync("umount", ["--lazy", "--", point]);
  }
}
