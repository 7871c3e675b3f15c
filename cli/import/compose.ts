import { basename } from "node:path";
import { parseDocument } from "yaml";
import type { DatabaseSpec, ServiceSpec, SystemSpec } from "../../components/lib/system";
import { usage } from "../cli-error";
import { isPostgres, isProxy, isStore, programOf } from "./images";
import type { Variables } from "./interpolate";
import { Ledger, type Remark } from "./ledger";
import { Node } from "./node";
import { reasonOf } from "./reasons";
import { sourceOf } from "./secrets";
import { draftOf, type Draft } from "./service";
import { sharedSecrets } from "./shared-secrets";
import { sitesOf } from "./sites";

export interface ComposeFile {
  readonly text: string;
  /** Where it lies: what its relative paths count from. */
  readonly folder: string;
  /** The system's name. @default the file's own `name`, else its folder's */
  readonly name?: string;
  readonly variables: Variables;
  readonly profiles: readonly string[];
}

export interface Imported {
  readonly spec: SystemSpec;
  /** In the order of the compose file. */
  readonly remarks: readonly Remark[];
}

/**
 * A compose file as a system, and everything of it that the system does not have, or has in another way.
 *
 * @throws CliError (usage) for a text that is no compose file.
 */
export function importCompose(file: ComposeFile): Imported {
  const document = read(file.text);
  const ledger = new Ledger();
  const root = new Node(document, [], ledger, file.variables);
  root.get("version").use();
  const name = file.name ?? systemName(root.get("name").plain() ?? basename(file.folder));
  root.get("name").use();
  const { services, proxies } = sortOut(root.get("services"), file.profiles);
  const drafts = inOrder(services.map((node) => draftOf(String(node.path.at(-1)), node, file.folder)));
  dependencies(drafts);
  const secrets = sharedSecrets(drafts);
  const databases = drafts.filter(({ image }) => isPostgres(image)).map(databaseOf);
  const sites = sitesOf(drafts, proxies);
  const volumes = backupVolumesOf(drafts);
  topLevel(root, drafts);
  const spec: SystemSpec = {
    name,
    services: Object.fromEntries(drafts.map((draft) => [draft.name, serviceOf(draft, name)])),
    sites,
    ...(secrets.length > 0
      ? { secrets: Object.fromEntries(secrets.map((each) => [each, { kind: "kept" as const }])) }
      : {}),
    ...(databases.length > 0 ? { databases } : {}),
    ...(volumes.length > 0 ? { backupVolumes: volumes } : {}),
  };
  return { spec, remarks: ledger.remarks(document, reasonOf) };
}

function read(text: string): unknown {
  const document = parseDocument(text, { merge: true });
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0) {
    throw usage(
      ...problems.map(
        ({ code, linePos }) =>
          `compose file, line ${linePos?.[0].line ?? 1}: must be YAML that Compose reads, got ${code}; fix: docker compose config`,
      ),
    );
  }
  const value = document.toJS() as unknown;
  const { services } = (value ?? {}) as { services?: unknown };
  if (typeof services === "object" && services !== null && !Array.isArray(services)) return value;
  throw usage("compose file: must have services, got none; fix: homeport import compose.yaml");
}

/** Services of the system, and the proxies that Homeport's own takes the place of. */
function sortOut(all: Node, profiles: readonly string[]): { services: Node[]; proxies: Node[] } {
  const nodes = all.children().map(([, node]) => node);
  const once = new Set(nodes.flatMap((node) => completed(node.get("depends_on"))));
  const services: Node[] = [];
  const proxies: Node[] = [];
  for (const node of nodes) {
    const reason = reasonAgainst(node, once, profiles);
    if (reason !== undefined) node.leave(reason);
    else if (stands(node)) {
      node.leave("Homeport's own proxy takes its place: write what its configuration says into sites");
      proxies.push(node);
    } else {
      services.push(node);
      if (node.get("profiles").children().length > 0) node.get("profiles").use();
    }
  }
  return { services, proxies };
}

function reasonAgainst(
  node: Node,
  once: ReadonlySet<string>,
  profiles: readonly string[],
): string | undefined {
  if (!node.isMap) return "is no service";
  const [own, ...others] = node
    .get("profiles")
    .children()
    .map(([, child]) => String(child.value));
  if (own !== undefined && ![own, ...others].some((each) => profiles.includes(each)))
    return `is in profiles that are not asked for: --profile ${own} takes it along`;
  if (!once.has(String(node.path[1]))) return undefined;
  return "runs once and ends, and Homeport keeps containers running: do it in an entrypoint";
}

/** Whether it is the proxy in front; Caddy and nginx without a port may serve files to another one. */
function stands(node: Node): boolean {
  const image = node.get("image").interpolated()?.text;
  return isProxy(image) && (node.get("ports").isThere || !/^(nginx|caddy)$/.test(programOf(image)));
}

function completed(node: Node): string[] {
  const others = node.isMap ? node.children() : [];
  return others
    .filter(([, child]) => child.get("condition").value === "service_completed_successfully")
    .map(([name]) => name);
}

/** Each after those it depends on, otherwise as the file has them: the order in which Homeport starts them. */
function inOrder(drafts: readonly Draft[]): Draft[] {
  const order: Draft[] = [];
  const seen = new Set<string>();
  const visit = (draft: Draft): void => {
    if (seen.has(draft.name)) return;
    seen.add(draft.name);
    for (const other of drafts.filter(({ name }) => draft.dependsOn.includes(name))) visit(other);
    order.push(draft);
  };
  drafts.forEach(visit);
  return order;
}

function dependencies(drafts: readonly Draft[]): void {
  for (const { node } of drafts) {
    const list = node.get("depends_on");
    for (const [key, child] of list.children()) {
      const other = list.isList ? String(child.value) : key;
      if (!drafts.some(({ name }) => name === other)) child.leave(`services.${other} is not in the system`);
      else if (list.isList) child.use();
      else for (const known of ["condition", "required"]) child.get(known).use();
    }
  }
}

/** What says who it is first, then what it runs with. */
function serviceOf({ spec, image, secrets, name }: Draft, system: string): ServiceSpec {
  const { image: own, containerName, entrypoint, command, environment, ...rest } = spec;
  const container = containerName ?? (isPostgres(image) ? `${system}-${name}` : undefined);
  return {
    ...(own === undefined ? {} : { image: own }),
    ...(container === undefined ? {} : { containerName: container }),
    ...(entrypoint === undefined ? {} : { entrypoint }),
    ...(command === undefined ? {} : { command }),
    ...(environment === undefined ? {} : { environment }),
    ...(secrets.size > 0 ? { secrets: [...secrets.keys()] } : {}),
    ...rest,
  };
}

/** As the image takes it: a name it is not given is the user's, and a user it is not given is postgres. */
function databaseOf({ name, spec }: Draft): DatabaseSpec {
  const user = spec.environment?.POSTGRES_USER ?? "postgres";
  return { service: name, name: spec.environment?.POSTGRES_DB ?? user, user };
}

function backupVolumesOf(drafts: readonly Draft[]): string[] {
  const ofStores = drafts.filter(({ image }) => isStore(image));
  for (const { image, node, spec } of ofStores.filter((draft) => !isPostgres(draft.image))) {
    if (Object.keys(spec.volumes ?? {}).length > 0)
      node.get("volumes").change(`${programOf(image)}'s data is not backed up: Homeport dumps Postgres only`);
  }
  const theirs = new Set(ofStores.flatMap(({ spec }) => Object.keys(spec.volumes ?? {})));
  const all = drafts.flatMap(({ spec }) => Object.keys(spec.volumes ?? {}));
  return [...new Set(all)].filter((volume) => !theirs.has(volume));
}

function topLevel(root: Node, drafts: readonly Draft[]): void {
  const mounted = new Set(drafts.flatMap(({ spec }) => Object.keys(spec.volumes ?? {})));
  for (const [name, volume] of root.get("volumes").children()) {
    if (!mounted.has(name)) volume.leave("no service of the system has it");
    else if (Object.keys(volume.value ?? {}).length === 0) volume.use();
    else if (volume.get("driver").value === "local") volume.get("driver").use();
  }
  const granted = drafts.flatMap(({ secrets }) =>
    [...secrets.values()].filter(({ template }) => template === undefined),
  );
  for (const [name, secret] of root.get("secrets").children()) {
    if (granted.some(({ node }) => node.path[2] === "secrets" && sourceOf(node) === name))
      for (const key of ["file", "environment", "external", "name"]) secret.get(key).use();
  }
}

/** Lowercase words joined by `-`. */
function systemName(text: string): string {
  const plain = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^[^a-z]+|-$/g, "");
  return plain === "" ? "app" : plain.slice(0, 40).replace(/-$/, "");
}
