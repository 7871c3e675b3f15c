/** A container image reference, split as the distribution project's grammar splits it. */
export interface ImageRef {
  /** `docker.io` where the text names none. */
  readonly registry: string;
  /** `library/postgres` for `postgres` of docker.io. */
  readonly repository: string;
  readonly tag: string | undefined;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string | undefined;
}

const HOST =
  /^([a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*(:\d{1,5})?$/;
const PATH = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const LONGEST_NAME = 255;

/** Parses `[host/]path[:tag][@sha256:…]`; `undefined` when it is not of that grammar. */
export function parseImageRef(text: string): ImageRef | undefined {
  const at = text.indexOf("@");
  const name = at < 0 ? text : text.slice(0, at);
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const colon = name.lastIndexOf(":");
  const isTagged = colon > name.lastIndexOf("/");
  const ref = {
    ...split(isTagged ? name.slice(0, colon) : name),
    tag: isTagged ? name.slice(colon + 1) : undefined,
    digest,
  };
  return name.length <= LONGEST_NAME && isWellFormed(ref) ? ref : undefined;
}

function isWellFormed({ registry, repository, tag, digest }: ImageRef): boolean {
  const isTag = tag === undefined || TAG.test(tag);
  const isDigest = digest === undefined || DIGEST.test(digest);
  return HOST.test(registry) && PATH.test(repository) && isTag && isDigest;
}

/** Pinned: by digest, or by a tag other than `latest`. */
export function isPinned(ref: ImageRef): boolean {
  return ref.digest !== undefined || (ref.tag !== undefined && ref.tag !== "latest");
}

/** As Docker does: the first part is a registry when it has a dot or colon or is `localhost`. */
function split(name: string): { registry: string; repository: string } {
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  if (/[.:]/.test(first) || first === "localhost")
    return { registry: first, repository: name.slice(slash + 1) };
  return { registry: "docker.io", repository: slash < 0 ? `library/${name}` : name };
}
