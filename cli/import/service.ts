import { show } from "../../components/lib/faults";
import type { ServiceSpec } from "../../components/lib/system";
import { doneAnyway } from "./always";
import { defined } from "./defined";
import { environmentOf, type Variable } from "./environment";
import { argvOf, healthcheckOf, wholeSeconds } from "./health";
import { fileReadersUser, isStore } from "./images";
import type { Node } from "./node";
import type { Place } from "./place";
import { exposeOf, portsOf, type Published } from "./ports";
import { isSecretPiece } from "./secret-values";
import { filesAsSecrets } from "./secrets";
import { bytes } from "./values";
import { volumesOf, type Bind } from "./volumes";

/** A service as far as it can be told without the others. */
export interface Draft {
  readonly name: string;
  readonly node: Node;
  readonly image: string | undefined;
  readonly spec: Omit<ServiceSpec, "secrets">;
  readonly secrets: Map<string, Variable>;
  readonly published: readonly Published[];
  readonly binds: readonly Bind[];
  /** Directory of the server -> path in the container: filled when all services are known. */
  readonly mounts: Record<string, string>;
  readonly dependsOn: readonly string[];
}

/** Compose's default between SIGTERM and SIGKILL. */
const GRACE_SECONDS = 10;
const MEGABYTE = 1024 ** 2;

export function draftOf(name: string, node: Node, place: Place): Draft {
  const image = imageOf(node);
  const { plain, secrets, file } = environmentOf(node, place);
  const isFromFiles = filesAsSecrets(node, plain, secrets);
  const known = knownSecrets(secrets, plain, place.told);
  const { loopback, published, inner } = portsOf(node.get("ports"), isStore(image));
  const { volumes, binds } = volumesOf(node.get("volumes"), name, isStore(image), place.volumes);
  const expose = [
    ...new Set([...exposeOf(node.get("expose")), ...inner, ...published.map(({ port }) => port)]),
  ];
  const readsFiles = isFromFiles || (secrets.size > 0 && fileReadersUser(image) !== undefined);
  const user = userOf(node.get("user")) ?? (readsFiles ? fileReadersUser(image) : undefined);
  const spec = defined({
    image,
    containerName: node.get("container_name").plain(),
    entrypoint: argvOf(node.get("entrypoint"), known),
    command: argvOf(node.get("command"), known),
    environmentFile: file,
    environment: filled(plain),
    secretFiles: readsFiles ? true : undefined,
    volumes: filled(volumes),
    ports: loopback.length > 0 ? loopback : undefined,
    expose: expose.length > 0 ? expose : undefined,
    user,
    healthcheck: healthcheckOf(node.get("healthcheck"), known, [...secrets.keys()]),
    stopGracePeriodSeconds: wholeSeconds(node.get("stop_grace_period"), GRACE_SECONDS, 1),
    memoryMb: memoryOf(node),
  });
  doneAnyway(node, user !== undefined);
  const dependsOn = namesOf(node.get("depends_on"));
  return { name, node, image, spec, secrets, published, binds, mounts: {}, dependsOn };
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
  if (build.isMap && build.get("dockerfile").value === "Dockerfile")
    build.get("dockerfile").spare("is what homeport deploy builds");
  return undefined;
}

function userOf(node: Node): string | undefined {
  const numeric = (text: string): string | undefined =>
    /^\d{1,5}:\d{1,5}$/.test(text) ? text : /^(root|0)$/.test(text) ? "0:0" : undefined;
  const user = node.parsed(numeric, 'is not numeric: write user: "1000:1000"');
  if (user?.startsWith("0:") === true)
    node.change("runs as root without root's capabilities: a user of its own is better");
  return user;
}

/** The one limit that Homeport has; the newer place wins, as in Compose. */
function memoryOf(node: Node): number | undefined {
  const limit = node.get("deploy").get("resources").get("limits").get("memory");
  const given = limit.isThere ? limit : node.get("mem_limit");
  const size = given.parsed(bytes, "is not a size such as 512m");
  if (limit.isThere && node.get("mem_limit").isThere) node.get("mem_limit").leave("deploy says it too");
  if (size === undefined) return undefined;
  if (size < 6 * MEGABYTE) {
    given.leave("is less than 6 MB, Docker's minimum, or no limit");
    return undefined;
  }
  if (size % MEGABYTE !== 0) given.change("is in whole megabytes, rounded down");
  return Math.floor(size / MEGABYTE);
}

/** What a command line must not show, without the names that only look like a password because they are the same. */
function knownSecrets(
  secrets: ReadonlyMap<string, Variable>,
  plain: Readonly<Record<string, string>>,
  told: ReadonlySet<string>,
): string[] {
  const names = Object.values(plain);
  const texts = [...secrets.values()].flatMap(({ value: { text, pieces } }) => [
    text,
    ...pieces.flatMap((piece) =>
      typeof piece === "object" && isSecretPiece(piece, told) ? [piece.text] : [],
    ),
  ]);
  return texts.filter((text) => !names.includes(text));
}

function filled(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> | undefined {
  return Object.keys(values).length > 0 ? values : undefined;
}
