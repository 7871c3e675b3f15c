import { basename } from "node:path";
import { parseDocument } from "yaml";
import type { SystemSpec } from "../../components/lib/system";
import { environmentFileFaults } from "../../components/lib/system-rules-environment-file";
import { usage } from "../cli-error";
import { backupVolumesOf, databaseOf, serviceOf } from "./assemble";
import { defined } from "./defined";
import { dependsOnOf, inOrder } from "./dependencies";
import { isPostgres, isProxy, programOf } from "./images";
import type { Variables } from "./interpolate";
import { Ledger, type Remark } from "./ledger";
import { mountsOf } from "./mounts";
import { Node } from "./node";
import { placeOf } from "./place";
import { reasonOf } from "./reasons";
import { draftOf, type Draft } from "./service";
import { sharedSecrets } from "./shared-secrets";
import { sitesOf } from "./sites";
import { topLevel } from "./top-level";

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
 * A compose file as a system, and everything of it that the system does not have, has in another way, or need not be
 * told.
 *
 * @throws CliError (usage) for a text that is no compose file.
 */
export function importCompose(file: ComposeFile): Imported {
  const document = read(file.text);
  const ledger = new Ledger();
  const root = new Node(document, [], ledger, file.variables);
  root.get("version").spare("Compose itself does not read it any more");
  const name = nameOf(root.get("name"), file);
  const { services, proxies } = sortOut(root.get("services"), file.profiles);
  const place = placeOf(name, file.folder, root.get("services"), root.get("volumes"));
  const drafts = inOrder(services.map((node) => draftOf(String(node.path.at(-1)), node, place)));
  const spec = systemOf(name, drafts, proxies, place);
  topLevel(root, drafts);
  return { spec: withoutFaultyFiles(spec, drafts), remarks: ledger.remarks(document, reasonOf) };
}

function systemOf(
  name: string,
  drafts: readonly Draft[],
  proxies: readonly Node[],
  place: ReturnType<typeof placeOf>,
): SystemSpec {
  const secrets = sharedSecrets(drafts, place.told);
  const databases = drafts.filter(({ image }) => isPostgres(image)).map(databaseOf);
  const sites = sitesOf(drafts, proxies);
  const backupVolumes = backupVolumesOf(drafts);
  const files = mountsOf(drafts, place, { databases, backupVolumes });
  const services = drafts.map((draft) => {
    const service = serviceOf(draft, name, dependsOnOf(draft, drafts), sites);
    return [draft.name, service] as const;
  });
  const isNginx = proxies.some((proxy) => programOf(imageOf(proxy)).startsWith("nginx"));
  const some = <T extends object>(value: T): T | undefined =>
    Object.keys(value).length > 0 ? value : undefined;
  return defined({
    name,
    proxy: isNginx ? ("nginx" as const) : undefined,
    services: Object.fromEntries(services),
    sites,
    secrets: some(secrets),
    databases: some(databases),
    files: some(files),
    backupVolumes: some(backupVolumes),
  });
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

/** The project's own, the file's, or its folder's. */
function nameOf(node: Node, { name, folder }: ComposeFile): string {
  const own = node.plain();
  const found = name ?? systemName(own ?? basename(folder));
  if (own !== undefined && own !== found) node.change(`the system is called ${found}`);
  return found;
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
    } else services.push(node);
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
  const image = imageOf(node);
  return isProxy(image) && (node.get("ports").isThere || !/^(nginx|caddy)$/.test(programOf(image)));
}

function imageOf(node: Node): string | undefined {
  return node.get("image").interpolated()?.text;
}

function completed(node: Node): string[] {
  const others = node.isMap ? node.children() : [];
  return others
    .filter(([, child]) => child.get("condition").value === "service_completed_successfully")
    .map(([name]) => name);
}

/** An environment file that could not say what its services are told is none. */
function withoutFaultyFiles(spec: SystemSpec, drafts: readonly Draft[]): SystemSpec {
  const alone = { ...spec, files: {} };
  const services = Object.entries(spec.services).map(([name, service]) => {
    const { environmentFile: path, ...rest } = service;
    if (path === undefined) return [name, service] as const;
    const those = Object.entries(spec.services).filter(([, each]) => each.environmentFile === path);
    const [fault] = environmentFileFaults({ ...alone, services: Object.fromEntries(those) });
    if (fault === undefined) return [name, service] as const;
    const node = drafts.find((draft) => draft.name === name)?.node.get("env_file");
    node?.change(`${path} is not on the server: ${fault.path} must ${fault.rule}`);
    return [name, rest] as const;
  });
  return { ...spec, services: Object.fromEntries(services) };
}

/** Lowercase words joined by `-`. */
function systemName(text: string): string {
  const plain = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^[^a-z]+|-$/g, "");
  return plain === "" ? "app" : plain.slice(0, 40).replace(/-$/, "");
}
