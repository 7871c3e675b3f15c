import { existsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { extname, isAbsolute, resolve } from "node:path";
import type { SystemSpec } from "../../components/lib/system";
import type { FilesSpec } from "../../components/lib/system-files";
import { filesFaults } from "../../components/lib/system-rules-files";
import { mountFaults } from "../../components/lib/system-rules-mounts";
import type { Place } from "./place";
import type { Draft } from "./service";
import { sqliteBelow } from "./sqlite";
import { isConfiguration, type Bind } from "./volumes";

/** What is known of the system before its directories are. */
export type Backed = Pick<SystemSpec, "databases" | "backupVolumes">;

interface Claim extends Bind {
  readonly draft: Draft;
  /** On the server. */
  readonly hostPath: string;
}

const BACKUPS = "/opt/backups/";

/**
 * Puts directories of the host into the drafts' mounts, and gives what `files` has to say of them. A path beside the
 * compose file becomes one below `/opt/<system>`, where such a file usually lies.
 */
export function mountsOf(drafts: readonly Draft[], place: Place, backed: Backed): Record<string, FilesSpec> {
  const claims = drafts.flatMap((draft) =>
    draft.binds.map((bind): Claim => ({ ...bind, draft, hostPath: hostPathOf(bind, place) })),
  );
  const taken = claims.filter((claim) => {
    const reason = reasonAgainst(claim, claims, place, backed);
    if (reason !== undefined) claim.node.leave(reason);
    return reason === undefined;
  });
  for (const { draft, hostPath, target, isReadOnly, node } of taken) {
    const other = draft.mounts[hostPath];
    if (other === undefined) draft.mounts[hostPath] = isReadOnly ? `${target}:ro` : target;
    else node.leave(`${hostPath} is in the container already, at ${other}`);
  }
  const own = taken.filter(({ hostPath }) => !hostPath.startsWith(BACKUPS));
  const roots = own
    .map(({ hostPath }) => hostPath)
    .filter((path) => !own.some((each) => path.startsWith(`${each.hostPath}/`)));
  return Object.fromEntries([...new Set(roots)].map((root) => [root, directoryOf(root, own)]));
}

function hostPathOf({ source }: Bind, { system }: Place): string {
  if (isAbsolute(source)) return resolve(source);
  return resolve("/opt", system, source.replaceAll(/(^|\/)(\.{1,2}|~)(?=\/|$)/g, "").replace(/^[/.]+/, ""));
}

/** Where it is on this machine. */
function origin(source: string, { folder }: Place): string {
  return source.startsWith("~") ? resolve(homedir(), `.${source.slice(1)}`) : resolve(folder, source);
}

function reasonAgainst(
  claim: Claim,
  all: readonly Claim[],
  place: Place,
  backed: Backed,
): string | undefined {
  const { source, hostPath, target } = claim;
  if (/\/docker\.sock$/.test(source)) return "would give the container the whole server";
  if (/^\/etc\/(localtime|timezone)$/.test(source))
    return "the server's time is UTC: set TZ in environment for another one";
  if (isFile(claim, place))
    return "is one file, and only directories are mounted: build it into the image, or say in environment what it says";
  if (isConfiguration(claim)) return "is configuration, which comes with a version: build it into the image";
  if (isAbsolute(source)) return placeFault(claim, backed);
  const path = origin(source, place);
  if ([place.folder, ...place.contexts].some((each) => `${each}/`.startsWith(`${path}/`)))
    return "is source code, which the image holds";
  const other = all.find((each) => each.hostPath === hostPath && origin(each.source, place) !== path);
  if (other !== undefined) return `${hostPath} would be that of ${other.source} too: rename one of the two`;
  const isWritten = all.some((each) => each.hostPath === hostPath && !each.isReadOnly);
  if (!isWritten)
    return `nothing writes it, so what it holds is from your repository: build it into the image, at ${target}`;
  return placeFault(claim, backed);
}

/** As the spec's own rules see it. */
function placeFault({ hostPath, target, isReadOnly, draft }: Claim, backed: Backed): string | undefined {
  const inside = isReadOnly ? `${target}:ro` : target;
  const files = hostPath.startsWith(BACKUPS) ? {} : { [hostPath]: {} };
  const spec: SystemSpec = { ...backed, name: "", services: {}, sites: [], files };
  const service = { mounts: { [hostPath]: inside }, stopGracePeriodSeconds: 1, volumes: draft.spec.volumes };
  if (filesFaults({ ...spec, backupVolumes: [], databases: [] }).length > 0)
    return `${hostPath} is no directory of the system's own: move what it needs below /srv`;
  const fault = mountFaults(spec, "", service).at(0);
  return fault === undefined ? undefined : `${hostPath} must ${fault.rule}: ${fault.fix}`;
}

/** One that is not on this machine is known by its name: `nginx.conf`, and no `conf.d`. */
function isFile({ source, target }: Bind, place: Place): boolean {
  const here = origin(source, place);
  if (existsSync(here)) return !statSync(here).isDirectory();
  return extname(source) === extname(target) && /^\.[a-z]\w+$/.test(extname(target));
}

function directoryOf(root: string, claims: readonly Claim[]): FilesSpec {
  const users = claims.filter(({ hostPath }) => `${hostPath}/`.startsWith(`${root}/`));
  const writers = users.filter(({ isReadOnly }) => !isReadOnly);
  const owner = [...writers, ...users].map(({ draft }) => draft.spec.user).find((user) => user !== undefined);
  const others = users.filter(({ draft }) => draft.spec.user !== owner);
  const databases = users.flatMap(({ draft, target, hostPath }) =>
    sqliteBelow(draft, target).map((file) => `${hostPath}/${file}`.slice(root.length + 1)),
  );
  const sqlite = [...new Set(databases)];
  const means = sqlite.length > 0 ? `, ${sqlite.join(", ")} by SQLite's own means` : "";
  for (const { node, source, hostPath } of users)
    node.change(
      `${source} is ${hostPath} on the server, empty at first, and backed up${means}: copy what it holds`,
    );
  for (const { node, draft } of others.filter((each) => writers.includes(each))) {
    const whose = owner === undefined ? "root" : owner;
    node.change(
      `the directory belongs to ${whose}: where services.${draft.name} runs as somebody else, say whose in files`,
    );
  }
  return {
    ...(owner === undefined ? {} : { owner }),
    ...(owner === undefined || others.length > 0 ? { mode: "0755" } : {}),
    ...(sqlite.length > 0 ? { sqlite } : {}),
  };
}
