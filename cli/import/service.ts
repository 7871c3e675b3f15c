import { show } from "../../components/lib/faults";
import type { ServiceSpec } from "../../components/lib/system";
import { environmentOf, type Variable } from "./environment";
import { argvOf, healthcheckOf, wholeSeconds } from "./health";
import { fileReadersUser, isPostgres, isStore } from "./images";
import type { Node } from "./node";
import { portsOf, type Published } from "./ports";
import { filesAsSecrets } from "./secrets";
import { bytes } from "./values";
import { volumesOf } from "./volumes";

/** A service as far as it can be told without the others. */
export interface Draft {
  readonly name: string;
  readonly node: Node;
  readonly image: string | undefined;
  readonly spec: Omit<ServiceSpec, "secrets">;
  readonly secrets: Map<string, Variable>;
  readonly published: readonly Published[];
  readonly dependsOn: readonly string[];
}

/** Compose's default between SIGTERM and SIGKILL. */
const GRACE_SECONDS = 10;
const MEGABYTE = 1024 ** 2;

export function draftOf(name: string, node: Node, folder: string): Draft {
  const image = imageOf(node);
  const { plain, secrets } = environmentOf(node, folder);
  const isFromFiles = filesAsSecrets(node, plain, secrets);
  const known = knownSecrets(secrets, plain);
  const { loopback, published } = portsOf(node.get("ports"), isStore(image));
  const volumes = volumesOf(node.get("volumes"));
  const readsFiles = isFromFiles || (secrets.size > 0 && fileReadersUser(image) !== undefined);
  const user = userOf(node.get("user")) ?? (readsFiles ? fileReadersUser(image) : undefined);
  const spec = defined({
    image,
    containerName: node.get("container_name").plain(),
    entrypoint: argvOf(node.get("entrypoint"), known),
    command: argvOf(node.get("command"), known),
    environment: filled(plain),
    secretFiles: readsFiles ? true : undefined,
    volumes: filled(volumes),
    ports: loopback.length > 0 ? loopback : undefined,
    user,
    healthcheck: healthcheckOf(node.get("healthcheck"), known),
    stopGracePeriodSeconds: wholeSeconds(node.get("stop_grace_period"), GRACE_SECONDS, 1),
    memoryMb: memoryOf(node),
  });
  const dependsOn = node.get("depends_on");
  restartOf(node.get("restart"));
  return {
    name,
    node,
    image,
    spec: withStrategy(node, spec),
    secrets,
    published,
    dependsOn: namesOf(dependsOn),
  };
}

/** Names in either form of `depends_on`. */
export function namesOf(node: Node): string[] {
  return node.isList
    ? node.children().map(([, child]) => String(child.value))
    : Object.keys(node.value ?? {});
}

function imageOf(node: Node): string | undefined {
  const build = node.get("build");
  if (!build.isThere) return node.get("image").plain();
  node.get("image").leave("is built: homeport deploy pushes it and pins its digest in homeport:images");
  const context = build.isMap ? build.get("context") : build;
  const folder = show(context.isScalar ? context.value : ".");
  context.use();
  build.change(`homeport deploy --service ${String(node.path[1])} --context ${folder} builds and pushes it`);
  if (build.isMap && build.get("dockerfile").value === "Dockerfile") build.get("dockerfile").use();
  return undefined;
}

function userOf(node: Node): string | undefined {
  const numeric = (text: string): string | undefined => (/^\d{1,5}:\d{1,5}$/.test(text) ? text : undefined);
  return node.parsed(numeric, 'is not numeric: write user: "1000:1000"');
}

/** The one limit that Homeport has; the newer place wins, as in Compose. */
function memoryOf(node: Node): number | undefined {
  const limit = node.get("deploy").get("resources").get("limits").get("memory");
  const given = limit.isThere ? limit : node.get("mem_limit");
  const size = given.parsed(bytes, "is not a size such as 512m");
  if (limit.isThere && node.get("mem_limit").isThere) node.get("mem_limit").leave("deploy says it too");
  const replicas = node.get("deploy").get("replicas");
  if (replicas.value === 1) replicas.use();
  if (size === undefined) return undefined;
  if (size < 6 * MEGABYTE) {
    given.leave("is less than 6 MB, Docker's minimum, or no limit");
    return undefined;
  }
  if (size % MEGABYTE !== 0) given.change("is in whole megabytes, rounded down");
  return Math.floor(size / MEGABYTE);
}

function restartOf(node: Node): void {
  if (node.value === "always" || node.value === "unless-stopped") node.use();
}

/** A successor may start first only where both can run side by side, and the new one can tell that it is well. */
function withStrategy(node: Node, spec: Draft["spec"]): Draft["spec"] {
  const hasVolumes = Object.keys(spec.volumes ?? {}).length > 0;
  const needsOne = hasVolumes || isPostgres(spec.image) || spec.ports !== undefined;
  if (hasVolumes) return spec;
  if (needsOne || spec.healthcheck === undefined) {
    if (spec.healthcheck === undefined && !needsOne)
      node.change(
        "has no health check: as with Compose the old container stops first; with one there is no gap",
      );
    return { ...spec, strategy: "stop-first" };
  }
  if (spec.containerName === undefined) return spec;
  const { containerName: _, ...rest } = spec;
  node.get("container_name").leave("old and new run side by side when it is replaced, so Docker names them");
  return rest;
}

/** What a command line must not show, without the names that only look like a password because they are the same. */
function knownSecrets(
  secrets: ReadonlyMap<string, Variable>,
  plain: Readonly<Record<string, string>>,
): string[] {
  const names = Object.values(plain);
  return [...secrets.values()].map(({ value }) => value.text).filter((text) => !names.includes(text));
}

function filled(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> | undefined {
  return Object.keys(values).length > 0 ? values : undefined;
}

/** Without the keys that have no value. */
function defined<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
