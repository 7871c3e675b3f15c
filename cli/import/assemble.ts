import type { DatabaseSpec, ServiceSpec } from "../../components/lib/system";
import type { BackupVolumeSpec } from "../../components/lib/system-files";
import type { SiteSpec } from "../../components/lib/system-sites";
import { defined } from "./defined";
import { isPostgres, isStore, programOf } from "./images";
import type { Draft } from "./service";
import { sqliteBelow } from "./sqlite";

/** What says who it is first, then what it runs with. */
export function serviceOf(
  draft: Draft,
  system: string,
  dependsOn: readonly string[] | undefined,
  sites: readonly SiteSpec[],
): ServiceSpec {
  const { image, secrets, mounts, name } = draft;
  const spec = withStrategy(draft);
  const { image: own, containerName, entrypoint, command, environmentFile, environment } = spec;
  const { secretFiles, volumes, ports, expose = [], ...rest } = spec;
  const routed = sites.flatMap(({ routes }) => Object.values(routes)).map(String);
  // verify asks for the ports of routes and databases anyway
  const inner = expose.filter(
    (port) => !routed.includes(`${name}:${port}`) && !(isPostgres(image) && port === 5432),
  );
  return defined({
    image: own,
    containerName: containerName ?? (isPostgres(image) ? `${system}-${name}` : undefined),
    entrypoint,
    command,
    environmentFile,
    environment,
    secrets: secrets.size > 0 ? [...secrets.keys()] : undefined,
    secretFiles,
    dependsOn,
    volumes,
    mounts: Object.keys(mounts).length > 0 ? mounts : undefined,
    ports,
    expose: inner.length > 0 ? inner : undefined,
    ...rest,
  });
}

/** A successor may start first only where both can run side by side, and the new one can tell that it is well. */
function withStrategy({ node, name, spec, mounts }: Draft): Draft["spec"] {
  const hasVolumes = Object.keys(spec.volumes ?? {}).length > 0;
  const writes = hasVolumes || Object.values(mounts).some((inside) => !inside.endsWith(":ro"));
  if (writes) return spec;
  const needsOne = isPostgres(spec.image) || spec.ports !== undefined;
  if (needsOne || spec.healthcheck === undefined) {
    if (!needsOne)
      node.change(
        "has no health check: as with Compose the old container stops first; with one there is no gap",
      );
    return { ...spec, strategy: "stop-first" };
  }
  if (spec.containerName === undefined) return spec;
  const { containerName: _, ...rest } = spec;
  node
    .get("container_name")
    .leave(
      `old and new run side by side when it is replaced, so Docker names them: others reach it as ${name}`,
    );
  return rest;
}

/** As the image takes it: a name it is not given is the user's, and a user it is not given is postgres. */
export function databaseOf({ name, spec }: Draft): DatabaseSpec {
  const user = spec.environment?.POSTGRES_USER ?? "postgres";
  return { service: name, name: spec.environment?.POSTGRES_DB ?? user, user };
}

/** Those of services that are no stores: of these Postgres is dumped, and of others nothing is whole. */
export function backupVolumesOf(drafts: readonly Draft[]): (string | BackupVolumeSpec)[] {
  const ofStores = drafts.filter(({ image }) => isStore(image));
  for (const { image, node, spec } of ofStores.filter((draft) => !isPostgres(draft.image))) {
    if (Object.keys(spec.volumes ?? {}).length > 0)
      node.get("volumes").change(`${programOf(image)}'s data is not backed up: Homeport dumps Postgres only`);
  }
  const theirs = new Set(ofStores.flatMap(({ spec }) => Object.keys(spec.volumes ?? {})));
  const all = drafts.flatMap(({ spec }) => Object.keys(spec.volumes ?? {}));
  return [...new Set(all)].filter((volume) => !theirs.has(volume)).map((name) => withSqlite(name, drafts));
}

function withSqlite(name: string, drafts: readonly Draft[]): string | BackupVolumeSpec {
  const sqlite = new Set<string>();
  for (const draft of drafts) {
    const files = sqliteBelow(draft, draft.spec.volumes?.[name] ?? "//");
    if (files.length > 0)
      draft.node.get("volumes").change(`${files.join(", ")} is backed up by SQLite's own means`);
    files.forEach((file) => sqlite.add(file));
  }
  return sqlite.size > 0 ? { name, sqlite: [...sqlite] } : name;
}
