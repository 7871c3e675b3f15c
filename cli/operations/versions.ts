import { refused } from "../cli-error";
import type { StackUpdate } from "../pulumi";

/** A version that a successful update put into service. */
export interface Version {
  readonly image: string;
  /** End of the latest successful update with it, RFC 3339. @default unknown */
  readonly deployedAt?: string;
}

/** The versions of a service that have run, latest first, each once: what the stack's history tells. */
export function versionsOf(history: readonly StackUpdate[], service: string): Version[] {
  const versions = new Map<string, Version>();
  for (const { kind, result, endTime, config } of history) {
    const image = imageIn(config?.["homeport:images"], service);
    if (kind !== "update" || result !== "succeeded" || image === undefined || versions.has(image)) continue;
    versions.set(image, { image, deployedAt: endTime });
  }
  return [...versions.values()];
}

/**
 * Where a rollback goes. Without `to` it is the latest version that ran and is not the one that config names: after
 * a good deployment the one before, after a failed one what still runs.
 *
 * @throws CliError (refused) when there is none, or when `to` is none or several of them.
 */
export function rollbackTarget(
  versions: readonly Version[],
  configured: string | undefined,
  to: string | undefined,
): Version {
  const list = "fix: homeport rollback --list, or homeport deploy --image REF";
  if (to === undefined) {
    const before = versions.find(({ image }) => image !== configured);
    if (before !== undefined) return before;
    throw refused(`there is no former version in the stack's history; ${list}`);
  }
  const matches = versions.filter(({ image }) => isMeant(image, to));
  const [only] = matches;
  if (only !== undefined && matches.length === 1) return only;
  const found = matches.length === 0 ? "no version" : `${matches.length} versions`;
  throw refused(`--to: must be one version of the stack's history, got ${found} for ${to}; ${list}`);
}

const SHORTEST = 7;

/** The whole reference, its digest, or the start of the digest's hex digits. */
function isMeant(image: string, to: string): boolean {
  const digest = image.split("@")[1];
  if (image === to || digest === to) return true;
  const start = to.replace(/^sha256:/, "");
  return start.length >= SHORTEST && digest?.startsWith(`sha256:${start}`) === true;
}

function imageIn(
  images: { readonly value?: string; readonly objectValue?: unknown } | undefined,
  service: string,
): string | undefined {
  const object = images?.objectValue as Readonly<Record<string, unknown>> | undefined;
  const image = object?.[service];
  return typeof image === "string" ? image : undefined;
}
