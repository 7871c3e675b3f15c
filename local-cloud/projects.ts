import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parse, parseDocument } from "yaml";
import { imageNames } from "./images/images";
import type { RegistryName } from "./internet/registry-services";
import { ROOT } from "./toolchain/versions";

/** An image that a system's stack pulls: built on this machine, and pushed to the cloud's registry. */
export interface LocalImage {
  /** What stands for its reference by digest in the template: `WEB_IMAGE`. */
  readonly variable: string;
  /** One of the local cloud's images, or a folder with a Dockerfile. */
  readonly build: string;
  readonly registry: RegistryName;
  /** Repository and tag: `library/postgres:17`. */
  readonly name: string;
}

/** A Pulumi project that the local cloud can bring up, and what its stack is there. */
export interface LocalProject {
  /** Of Pulumi.yaml: its stacks' names are apart from those of other projects. */
  readonly name: string;
  readonly folder: string;
  readonly images: readonly LocalImage[];
  /** Stack config with `{{NAME}}` in it, comments and all. */
  readonly template: string;
  /** Whether the cloud has an ACME server, for sites whose certificates are Let's Encrypt's. */
  readonly acme: boolean;
  /** Apex of its zone, which a domain's owner has before any program runs. */
  readonly domain: string;
  /** What the owner has bought for the zone: `homeport:zonePlan` of the template. */
  readonly plan: string;
  /** Kept secrets by name: what their owner brings along from elsewhere, such as a key for Stripe's test mode. */
  readonly secrets: Readonly<Record<string, string>>;
}

interface TemplateFile {
  /** @default false */
  readonly acme?: boolean;
  readonly images?: Readonly<Record<string, { readonly build: string; readonly push: string }>>;
  /** @default none */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly config: Readonly<Record<string, unknown>>;
}

const STACKS = join(ROOT, "local-cloud", "stacks");
const REGISTRIES: readonly RegistryName[] = ["docker.io", "ghcr.io"];

/** The system whose project is the work tree's root; the others are in `examples/`. */
export const ROOT_SYSTEM = "running-calendar";

/**
 * The project of a system by its name, or by its folder, which holds a `local.yaml` of its own.
 *
 * @throws Error that names the systems there are.
 */
export function localProject(typed: string, typedIn = process.env.INIT_CWD ?? process.cwd()): LocalProject {
  const own = resolve(typedIn, typed);
  if (existsSync(join(STACKS, `${typed}.yaml`))) {
    const folder = typed === ROOT_SYSTEM ? ROOT : join(ROOT, "examples", typed);
    return readProject(folder, join(STACKS, `${typed}.yaml`));
  }
  if (existsSync(join(own, "Pulumi.yaml"))) return readProject(own, join(own, "local.yaml"));
  const known = readdirSync(STACKS).map((file) => basename(file, ".yaml"));
  throw new Error(
    `system: must be one of ${known.join(", ")} or a project's folder, got ${JSON.stringify(typed)}`,
  );
}

function readProject(folder: string, file: string): LocalProject {
  if (!existsSync(file)) {
    throw new Error(`${file}: must be there, got nothing; fix: homeport new NAME writes one to start from`);
  }
  const document = parseDocument(readFileSync(file, "utf8"));
  const { images = {}, acme = false, secrets = {}, config } = document.toJS() as TemplateFile;
  const plan = config["homeport:zonePlan"];
  for (const own of ["images", "acme", "secrets"]) document.delete(own);
  return {
    name: projectName(folder),
    folder,
    images: Object.entries(images).map(([variable, { build, push }]) => ({
      variable,
      build: imageNames().includes(build) ? build : resolve(folder, build),
      ...splitReference(`${file}: images.${variable}.push`, push),
    })),
    template: document.toString(),
    acme,
    domain: String(config["homeport:domain"]),
    plan: typeof plan === "string" ? plan : "free",
    secrets,
  };
}

/** Of a project's Pulumi.yaml. */
export function projectName(folder: string): string {
  return (parse(readFileSync(join(folder, "Pulumi.yaml"), "utf8")) as { name: string }).name;
}

function splitReference(path: string, reference: string): Pick<LocalImage, "registry" | "name"> {
  const registry = REGISTRIES.find((host) => reference.startsWith(`${host}/`));
  if (registry !== undefined) return { registry, name: reference.slice(registry.length + 1) };
  throw new Error(`${path}: must start with ${REGISTRIES.join("/ or ")}/, got ${JSON.stringify(reference)}`);
}
