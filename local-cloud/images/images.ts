import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, relative } from "node:path";
import { docker, run } from "../docker";
import { cacheDir } from "../settings";
import { withLock } from "../toolchain/lock";
import type { Report } from "../toolchain/progress";

/**
 * An image by name: the local cloud's own (`host`, `postgres`), a sample application (`running-calendar`,
 * `cleaning/api`), or the absolute path of a folder with a Dockerfile.
 */
export type ImageName = string;

const APPS = join(__dirname, "..", "apps");
const SOURCE = "homeport.source";

/** Every image that has a folder here. */
export function imageNames(): ImageName[] {
  return [__dirname, APPS].flatMap((room) => globFolders(room).map((file) => dirname(relative(room, file))));
}

function globFolders(room: string): string[] {
  const files = readdirSync(room, { recursive: true, withFileTypes: true });
  return files
    .filter((file) => file.name === "Dockerfile" && !file.parentPath.includes("node_modules"))
    .map((file) => join(file.parentPath, file.name));
}

function folderOf(name: ImageName): string {
  if (isAbsolute(name)) return name;
  const own = join(__dirname, name);
  return existsSync(own) ? own : join(APPS, name);
}

/** Local tag of an image: `homeport-NAME:trixie`. */
export function imageTag(name: ImageName): string {
  const plain = isAbsolute(name)
    ? `own-${createHash("sha256").update(name).digest("hex").slice(0, 12)}`
    : name.replaceAll("/", "-");
  return `homeport-${plain}:trixie`;
}

/** Hash of what an image is made from: it changes when the image has to be made again. */
export function imageSource(name: ImageName): string {
  const base = sourceHash(folderOf("base"));
  return name === "base" ? base : sourceHash(folderOf(name), base);
}

/** SHA-256 over names, modes and contents below `folder`, and over what the image stands on. */
export function sourceHash(folder: string, parent = ""): string {
  const hash = createHash("sha256").update(parent);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  for (const path of files.map((file) => join(file.parentPath, file.name)).sort()) {
    const executable = (statSync(path).mode & 0o111) !== 0;
    hash.update(`\0${relative(folder, path)}\0${executable ? "x" : "-"}\0`).update(readFileSync(path));
  }
  return hash.digest("hex");
}

/**
 * Builds those of the named images whose files changed since they were built; `base` always among them. Two at a
 * time: apt waits for the network as long as dpkg works. `docker rmi` one for newer packages.
 */
export async function ensureImages(names: readonly ImageName[], report: Report): Promise<void> {
  const all: readonly ImageName[] = ["base", ...names];
  if ((await staleImages(all)).length === 0) return;
  const waiting = (): void => report("images: waiting for another build on this machine");
  await withLock(
    join(cacheDir(), "images.lock"),
    async () => buildStale(await staleImages(all), report),
    waiting,
  );
}

async function staleImages(names: readonly ImageName[]): Promise<ImageName[]> {
  const built = await builtSources(names);
  return names.filter((name) => built.get(imageTag(name)) !== imageSource(name));
}

async function buildStale(stale: readonly ImageName[], report: Report): Promise<void> {
  if (stale.includes("base")) await timed("base", report, buildBase);
  const queue = stale.filter((name) => name !== "base");
  const work = async (): Promise<void> => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const image = name;
      await timed(image, report, () => build(image));
    }
  };
  await Promise.all([work(), work()]);
}

/** Tag -> source label of the images that exist, in one call: `docker image inspect` also prints when some don't. */
async function builtSources(names: readonly ImageName[]): Promise<Map<string, string>> {
  const format = `{{json .RepoTags}}\t{{index .Config.Labels "${SOURCE}"}}`;
  const script = 'docker image inspect -f "$@" 2>/dev/null || docker version -f "" >/dev/null';
  const lines = await run("sh", ["-c", script, "sh", format, ...names.map(imageTag)]);
  const rows = lines.split("\n").filter((line) => line !== "");
  return new Map(
    rows.flatMap((row) => {
      const [tags = "[]", source = ""] = row.split("\t");
      return (JSON.parse(tags) as string[]).map((tag): [string, string] => [tag, source]);
    }),
  );
}

async function timed(name: ImageName, report: Report, work: () => Promise<void>): Promise<void> {
  const began = Date.now();
  report(`image ${name}: building`);
  await work();
  report(`image ${name}: built in ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

async function buildBase(): Promise<void> {
  const pulled = await docker(["pull", "--quiet", "debian:trixie"], { timeout: 60_000 }).then(
    () => true,
    () => false, // only package registries are reachable: the distribution's packages make the same
  );
  if (pulled) return build("base");
  await run(join(folderOf("base"), "build.sh"), [imageTag("base"), imageSource("base")]);
}

async function build(name: ImageName): Promise<void> {
  const label = `${SOURCE}=${imageSource(name)}`;
  const env = await builder();
  await docker(["build", "--tag", imageTag(name), "--label", label, folderOf(name)], { env });
}

/** The environment of `docker build` on this machine. */
export async function builder(): Promise<Record<string, string>> {
  return docker(["buildx", "version"]).then(
    () => ({}),
    () => ({ DOCKER_BUILDKIT: "0" }), // docker.io of Debian 12 comes without BuildKit's client
  );
}
